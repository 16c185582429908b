using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Cli.Bench;

/// <summary>The computations that are measured, in single precision.</summary>
internal static class Workloads
{
    private const int RowLength = 1000;

    /// <summary>A matrix product, m x n x k; <paramref name="kind"/> says which operands are transposed: NN, NT or TN.</summary>
    public static Workload MatMul(Device device, string kind, int m, int n, int k)
    {
        Tensor a = Workload.Values(1, kind[0] == 'T' ? [k, m] : [m, k]), b = Workload.Values(2, kind[1] == 'T' ? [n, k] : [k, n]);
        return Workload.Of($"{m} x {n} x {k} {kind}", device, [a, b], x => [(kind[0] == 'T' ? x[0].T : x[0]).MatMul(kind[1] == 'T' ? x[1].T : x[1])], 2.0 * m * n * k);
    }

    /// <summary>GELU in its tanh form.</summary>
    public static Workload Gelu(Device device, int count) =>
        Workload.Of("GELU", device, [Workload.Values(1, [count])], x => [Ops.GeluTanh(x[0])], bytes: 2.0 * sizeof(float) * count);

    /// <summary>Softmax over rows of 1000.</summary>
    public static Workload Softmax(Device device, int count) =>
        Workload.Of("softmax", device, [Workload.Values(1, [count / RowLength, RowLength])], x => [Ops.Softmax(x[0])], bytes: 2.0 * sizeof(float) * count);

    /// <summary>Layer normalization over rows of 1000.</summary>
    public static Workload Norm(Device device, int count)
    {
        var layer = new LayerNorm(RowLength);
        Weights weights = layer.Initialize(RandomKey.FromSeed(3));
        return Workload.Of(
            "layer norm", device, [Workload.Values(1, [count / RowLength, RowLength]), .. weights.Tensors],
            x => [layer.Forward(weights.WithLeaves(x.AsSpan(1)), x[0])], bytes: 2.0 * sizeof(float) * count);
    }

    /// <summary>A step of Adam.</summary>
    public static Workload Adam(Device device, int count) => Workload.AdamStep("Adam", device, count);

    /// <summary>A convolution with 3 x 3 kernels and padding 1: images [n, c, size, size] to [n, outputs, size, size].</summary>
    public static Workload Convolution(Device device, int n, int c, int size, int outputs, bool backward = false)
    {
        Tensor x = Workload.Values(1, [n, c, size, size]), w = Workload.Values(2, [outputs, c, 3, 3]), cotangent = Workload.Values(3, [n, outputs, size, size]);
        double flops = 2.0 * n * outputs * size * size * c * 9;
        string name = $"{n}x{c}x{size}x{size} to {outputs}";
        if (!backward) return Workload.Of($"{name} forward", device, [x, w], t => [Ops.Conv2D(t[0], t[1], padding: 1)], flops);
        return Workload.Of($"{name} forward and backward", device, [x, w, cotangent], t =>
        {
            var at = new Weights(["x", "w"], [t[0], t[1]]);
            (Tensor y, Gradient gradient) = Vjp((Weights p) => Ops.Conv2D(p["x"], p["w"], padding: 1), at, t[2]);
            return [y, gradient["x"], gradient["w"]];
        }, 3 * flops);
    }

    /// <summary>Causal attention, <paramref name="heads"/> x <paramref name="length"/> x <paramref name="width"/>; backward computes the scores once more.</summary>
    public static Workload Attention(Device device, int heads, int length, int width, bool backward = false)
    {
        Tensor[] operands = [.. Enumerable.Range(1, 4).Select(seed => Workload.Values(seed, [heads, length, width]))];
        // Half of each product lies behind the diagonal: two forward, five more backward.
        double flops = 1.0 * heads * length * length * width * (backward ? 7 : 2);
        string name = $"{heads} x {length} x {width} causal";
        if (!backward) return Workload.Of($"{name} forward", device, operands[..3], t => [Ops.Attention(t[0], t[1], t[2], causal: true)], flops);
        return Workload.Of($"{name} forward and backward", device, operands, t =>
        {
            var at = new Weights(["q", "k", "v"], [t[0], t[1], t[2]]);
            (Tensor y, Gradient gradient) = Vjp((Weights p) => Ops.Attention(p["q"], p["k"], p["v"], causal: true), at, t[3]);
            return [y, gradient["q"], gradient["k"], gradient["v"]];
        }, flops);
    }

    /// <summary>A training step of a network 784-128-10.</summary>
    public static Workload Mlp(Device device, int batch) =>
        Workload.TrainStep("MLP 784-128-10", device, new Linear(784, 128) >> new Relu() >> new Linear(128, 10), [batch, 784]);

    /// <summary>A training step of a network like LeNet on images of 28 x 28.</summary>
    public static Workload LeNet(Device device, int batch)
    {
        Module features = new Conv2D(1, 16, 5, padding: 2) >> new Relu() >> new MaxPool(2) >> new Conv2D(16, 32, 5, padding: 2) >> new Relu() >> new MaxPool(2);
        Module classifier = new Flatten() >> new Linear(32 * 7 * 7, 128) >> new Relu() >> new Linear(128, 10);
        return Workload.TrainStep("LeNet-like 28x28", device, features >> classifier, [batch, 1, 28, 28]);
    }
}
