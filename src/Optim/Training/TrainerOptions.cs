using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim.Training;

/// <summary>How <see cref="Trainer"/> trains.</summary>
public sealed record TrainerOptions
{
    /// <summary>How often every training row is seen.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Rows per step. Rows that do not fill a last batch sit out the epoch; which ones changes from epoch to epoch.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Decides the first weights, the order of the rows and all other chance.</summary>
    public long Seed { get; init; }

    /// <summary>Draws the first weights; <see cref="Module.Initialize"/> when null.</summary>
    public Func<Module, RandomKey, Weights>? Initialize { get; init; }

    /// <summary>Where the training runs; the default CPU when null. The result does not depend on it.</summary>
    public Device? Device { get; init; }

    /// <summary>The least time between two reports of progress within an epoch.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The file that holds the state after every epoch and after a cancellation; null for none.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Begins from the file in <see cref="CheckpointPath"/>, where it exists, as if there had been no interruption.</summary>
    public bool Resume { get; init; }
}
