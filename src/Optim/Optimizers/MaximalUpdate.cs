using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// The maximal update parametrization (Yang and Hu et al., "Tensor Programs V", 2022, table 3), under which the best rate of a narrow network is that of a wide one. With a and b for how many times
/// a weight's inputs and outputs are more than in the narrow network: rates of Adam over a, those of gradient descent times b / a, and first weights that make the output over sqrt(a).
/// </summary>
/// <remarks>
/// First weights of the modules are taken to have variance over their number of inputs, as the layers' own have. A table that is looked up has its rows for inputs.
/// </remarks>
public sealed class MaximalUpdate
{
    private readonly Module wide;
    private readonly Dictionary<string, (double In, double Out)> growth = new(StringComparer.Ordinal);

    /// <summary>A parametrization.</summary>
    /// <param name="narrow">The network whose rate is known.</param>
    /// <param name="wide">The network to train: the same but for widths.</param>
    /// <exception cref="ArgumentException">The networks differ in more than widths.</exception>
    public MaximalUpdate(Module narrow, Module wide)
    {
        this.wide = wide;
        IReadOnlyList<LeafGeometry> from = narrow.Geometry, to = wide.Geometry;
        for (int i = 0; i < Math.Max(from.Count, to.Count); i++)
        {
            if (i >= from.Count || i >= to.Count || from[i].Name != to[i].Name || from[i].Shape.Rank != to[i].Shape.Rank)
            {
                string given(IReadOnlyList<LeafGeometry> leaves) => i < leaves.Count ? $"'{leaves[i].Name}' {leaves[i].Shape}" : "nothing";
                throw new ArgumentException($"maximalUpdate: the modules may differ in widths only, got {given(from)} and {given(to)} for weight {i}. Build both with one function of the width.");
            }
            (double fromIn, double fromOut) = Sides(from[i]);
            (double toIn, double toOut) = Sides(to[i]);
            growth[to[i].Name] = (toIn / fromIn, toOut / fromOut);
        }
    }

    /// <summary>First weights of the wide network.</summary>
    /// <param name="key">The random key.</param>
    /// <param name="dtype">f32 or f64.</param>
    public Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        Weights plain = wide.Initialize(key, dtype);
        return plain.WithLeaves([.. plain.Tensors.Select((w, i) => Of(plain.Names[i]) is { Out: 1, In: > 1 } output ? w * (1 / Math.Sqrt(output.In)) : w)]);
    }

    /// <summary>What the rate of Adam, and of other optimizers whose steps do not grow with gradients, is multiplied by for a weight.</summary>
    /// <exception cref="ArgumentException">The module has no such weight.</exception>
    public double AdamRate(string name) => 1 / Of(name).In;

    /// <summary>What the rate of gradient descent is multiplied by for a weight.</summary>
    /// <exception cref="ArgumentException">The module has no such weight.</exception>
    public double SgdRate(string name) => Of(name).Out / Of(name).In;

    private static (double In, double Out) Sides(LeafGeometry leaf) =>
        leaf.Shape.Rank < 2 ? (1, leaf.Shape.Count) : leaf.Table ? (leaf.Shape[0], leaf.Shape[1..].Count) : (leaf.Shape[1..].Count, leaf.Shape[0]);

    private (double In, double Out) Of(string name) => growth.TryGetValue(name, out (double In, double Out) own)
        ? own
        : throw new ArgumentException($"maximalUpdate: the module has no weight '{name}', got {string.Join(", ", growth.Keys.Take(20))}. Take weights of the wide module.");
}

/// <summary>Every leaf of the update times a number of its own: <c>new Adam(rate) >> new ScaleByLeaf(maximal.AdamRate)</c>.</summary>
/// <param name="factor">The number, by the leaf's name.</param>
public sealed class ScaleByLeaf(Func<string, double> factor) : UpdateStage
{
    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights) =>
        (update.WithLeaves([.. update.Tensors.Select((u, i) => u * factor(update.Names[i]))]), state);
}
