using Engine.Autograd.Layers;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd;

/// <summary>
/// The Kronecker factors of the Fisher matrix of <see cref="Linear"/> and <see cref="Conv2D"/> layers (Martens and Grosse, "Optimizing Neural Networks with Kronecker-factored
/// Approximate Curvature", 2015; for convolutions Grosse and Martens, 2016): for a weight that meets inputs a and gives results with gradients g, A = E a a^T and B = E g g^T.
/// </summary>
/// <remarks>
/// With N examples, R rows in all (positions of an image or a sequence are rows of their own) and a loss that is the mean over examples, A is the sum over rows of a a^T over N
/// and B that of g g^T times N^2 / R. The gradients are those of the loss itself, which makes B that of the empirical Fisher matrix. A bias meets 1, so its A is R / N.
/// </remarks>
public static class Kfac
{
    private const string Input = "input.", Output = "output.";

    /// <summary>The loss, its gradient, and the factors.</summary>
    /// <remarks>
    /// Zeros are added to the results of the layers; the derivatives in them are the gradients of the results. A layer that runs several times counts all its rows.
    /// </remarks>
    /// <param name="module">The module.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="x">The input; its first axis is the batch.</param>
    /// <param name="loss">From the module's result to one element, the mean over the batch.</param>
    /// <param name="pass">Training or prediction; new buffers are dropped.</param>
    /// <returns>
    /// Factors are named after their leaves: <c>input.0.weight</c> [groups, in, in] and <c>output.0.weight</c> [groups, out, out], and the same for a bias. Other layers have none.
    /// </returns>
    /// <exception cref="GradientException">The loss is not one floating element.</exception>
    public static (Tensor Loss, Gradient Gradient, Buffers Factors) Measure(Module module, Weights weights, Tensor x, Func<Tensor, Tensor> loss, Pass pass = default)
    {
        pass = pass.WithoutSink();
        int n = weights.LeafCount;
        Taps shapes = new(weights, null);
        // Traced only, for the shapes of the results.
        _ = Graph.Of("kfac", [.. weights.Tensors.Select(t => t.Spec), x.Spec], s => [shapes.Run(module, weights.WithLeaves(s.AsSpan(0, n)), s[n], pass)]);
        Tensor[] zeros = [.. shapes.Results.Select(r => Tensor.Zeros(r.Shape, r.DType))];
        Weights all = new([.. weights.Names, .. zeros.Select((_, i) => $"result {i}")], [.. weights.Tensors, .. zeros]);
        Taps? taps = null;
        (Tensor value, TensorList rows, Gradient gradient) = ValueAndGrad((Weights w, Tensor input) =>
        {
            taps = new(weights, [.. w.Tensors.Skip(n)]);
            Tensor y = taps.Run(module, weights.WithLeaves([.. w.Tensors.Take(n)]), input, pass);
            return (loss(y), new TensorList([.. taps.Inputs]));
        })(all, x);
        return (value, new(weights.Names, gradient.Tensors.Take(n)), taps!.Factors(rows.Items, [.. gradient.Tensors.Skip(n)], x.Shape[0]));
    }

    /// <summary>The running mean of factors: decay mean + (1 - decay) next.</summary>
    /// <exception cref="ArgumentException">The decay is outside [0, 1), or the factors are those of another module.</exception>
    public static Buffers Mean(Buffers mean, Buffers next, double decay)
    {
        if (!(decay is >= 0 and < 1)) throw new ArgumentException($"kfac: the decay must lie in [0, 1), got {decay}.");
        return mean.WithLeaves([.. mean.Names.Select((name, i) => mean[i] * decay + next[name] * (1 - decay))]);
    }

    /// <summary>Adds a tensor to the result of every layer that has factors, and keeps what its weight met.</summary>
    private sealed class Taps(Weights weights, Tensor[]? added) : PassWatcher
    {
        private readonly List<(Module Layer, string Path)> layers = [];

        public List<Tensor> Inputs { get; } = [];

        public List<Tensor> Results { get; } = [];

        public Tensor Run(Module module, Weights own, Tensor x, Pass pass) => Ran(module, own, null, x, module.Forward(own, x, pass.WithWatcher(this)));

        public override Tensor Ran(Module module, Weights own, string? path, Tensor x, Tensor y)
        {
            if (!weights.Names.Contains($"{path}weight") || module.InputRows(x) is not { } rows) return y;
            layers.Add((module, path ?? ""));
            Inputs.Add(Wide(rows));
            Results.Add(y);
            return added is null ? y : y + added[Results.Count - 1];
        }

        public Buffers Factors(Tensor[] inputs, Tensor[] slopes, int examples)
        {
            List<string> names = [];
            List<Tensor> factors = [];
            foreach (IGrouping<string, int> uses in Enumerable.Range(0, layers.Count).GroupBy(i => layers[i].Path, StringComparer.Ordinal))
            {
                Tensor a = Ops.Concat([.. uses.Select(i => inputs[i])], 1), g = Ops.Concat([.. uses.Select(i => Wide(layers[i].Layer.OutputRows(slopes[i])))], 1);
                double rows = a.Shape[1];
                Tensor output = g.T.MatMul(g) * (examples * (examples / rows));
                names.AddRange([$"{Input}{uses.Key}weight", $"{Output}{uses.Key}weight"]);
                factors.AddRange([a.T.MatMul(a) * (1.0 / examples), output]);
                if (!weights.Names.Contains($"{uses.Key}bias")) continue;
                names.AddRange([$"{Input}{uses.Key}bias", $"{Output}{uses.Key}bias"]);
                factors.AddRange([Tensor.Full(rows / examples, [a.Shape[0], 1, 1], a.DType), output]);
            }
            return new(names, factors);
        }

        private static Tensor Wide(Tensor x) => x.DType.IsHalfWidth() ? x.Cast(DType.F32) : x;
    }
}
