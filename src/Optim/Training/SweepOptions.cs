using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim.Training;

/// <summary>An optimizer in a comparison.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Optimizer">The optimizer for a module, at a learning rate.</param>
/// <param name="StartsDualized">True when weights start at norm 1 of their own (<see cref="Module.InitializeDualized"/>), as modular duality has it.</param>
public sealed record Contender(string Name, Func<Module, Schedule, Optimizer> Optimizer, bool StartsDualized = false);

/// <summary>How learning rates are compared.</summary>
public sealed record SweepOptions
{
    /// <summary>Steps of a run; the most of them when there is a loss to reach.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Rows per step.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Runs per rate, which differ in first weights and order of rows; the median counts.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>A training loss to reach in as few steps as possible at a constant rate. When null, the loss after all steps counts, and the rate falls linearly to 0.</summary>
    public double? Until { get; init; }

    /// <summary>Where to compute; all cores when null.</summary>
    public Device? Device { get; init; }
}
