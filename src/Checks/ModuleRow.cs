using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>A module at an input of some shape, and what it is by definition.</summary>
/// <param name="Module">The module.</param>
/// <param name="Input">What the input may hold.</param>
/// <param name="Reference">The result from the weights, by name, and the input: naive, in double precision, written without the engine's ops.</param>
public sealed record ModuleCase(Module Module, Operand Input, Func<IReadOnlyDictionary<string, Grid>, Grid, Grid> Reference)
{
    /// <summary>The pass; prediction when omitted.</summary>
    public Pass Pass { get; init; }

    /// <summary>Where the weights of a name are tried; [-2, 2] when it gives null.</summary>
    public Func<string, Domain?> Weight { get; init; } = _ => null;

    /// <summary>The attributes, for messages.</summary>
    public string Attributes { get; init; } = "";
}

/// <summary>Rows for modules: a module is an op whose operands are its weights and its input, so whatever is proved of ops is proved of layers too.</summary>
public static class ModuleRow
{
    /// <summary>A row.</summary>
    /// <param name="name">Unique name.</param>
    /// <param name="draw">Draws a module and an input for it.</param>
    public static OpInfo Of(string name, Func<Generator, ModuleCase> draw) => new(name, g => Case(draw(g)));

    private static OpCase Case(ModuleCase drawn)
    {
        Weights form = drawn.Module.Initialize(RandomKey.FromSeed(0), DType.F64);
        Operand[] operands =
        [
            .. form.Names.Select((n, i) => new Operand(form[i].Shape) { Domain = drawn.Weight(n) ?? (-2, 2), TakesWild = false }),
            drawn.Input with { TakesWild = false },
        ];
        return new(
            xs => drawn.Module.Forward(form.WithLeaves(xs.AsSpan(0, xs.Length - 1)), xs[^1], drawn.Pass),
            operands,
            grids => drawn.Reference(form.Names.Select((n, i) => (n, grids[i])).ToDictionary(p => p.n, p => p.Item2), grids[^1]))
        { Attributes = drawn.Attributes };
    }
}
