using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>A module at an input of some shape, and what it is by definition.</summary>
/// <param name="Module">The module.</param>
/// <param name="Input">What the input may hold.</param>
/// <param name="Reference">The result from the weights and buffers, by name, and the input: naive, in double precision, written without the engine's ops.</param>
public sealed record ModuleCase(Module Module, Operand Input, Func<IReadOnlyDictionary<string, Grid>, Grid, Grid> Reference)
{
    /// <summary>The pass; prediction when omitted. A module with buffers is given its own, whether training or predicting.</summary>
    public Pass Pass { get; init; }

    /// <summary>Where the weights and buffers of a name are tried; [-2, 2] when it gives null.</summary>
    public Func<string, Domain?> Weight { get; init; } = _ => null;

    /// <summary>The attributes, for messages.</summary>
    public string Attributes { get; init; } = "";
}

/// <summary>Rows for modules: a module is an op whose operands are its weights, its buffers and its input, so whatever is proved of ops is proved of layers too.</summary>
public static class ModuleRow
{
    /// <summary>A row.</summary>
    /// <param name="name">Unique name.</param>
    /// <param name="draw">Draws a module and an input for it.</param>
    public static OpInfo Of(string name, Func<Generator, ModuleCase> draw) => new(name, g => Case(draw(g)));

    private static OpCase Case(ModuleCase drawn)
    {
        Weights form = drawn.Module.Initialize(RandomKey.FromSeed(0), DType.F64);
        Buffers state = drawn.Module.InitializeBuffers(DType.F64);
        string[] names = [.. form.Names, .. state.Names];
        Tensor[] like = [.. form.Tensors, .. state.Tensors];
        Operand[] operands =
        [
            .. names.Select((n, i) => new Operand(like[i].Shape) { Domain = drawn.Weight(n) ?? (-2, 2), TakesWild = false }),
            drawn.Input with { TakesWild = false },
        ];
        return new(
            xs =>
            {
                Pass pass = drawn.Pass;
                if (state.LeafCount > 0)
                {
                    Buffers buffers = state.WithLeaves(xs.AsSpan(form.LeafCount, state.LeafCount));
                    pass = pass.Training ? Pass.ForTraining(null, buffers) : Pass.ForPrediction(buffers);
                }
                return drawn.Module.Forward(form.WithLeaves(xs.AsSpan(0, form.LeafCount)), xs[^1], pass);
            },
            operands,
            grids => drawn.Reference(names.Select((n, i) => (n, grids[i])).ToDictionary(p => p.n, p => p.Item2, StringComparer.Ordinal), grids[^1]))
        { Attributes = drawn.Attributes };
    }
}
