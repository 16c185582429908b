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

    /// <summary>Causal attention made of products and softmax: <paramref name="heads"/> x <paramref name="length"/> x <paramref name="width"/>.</summary>
    public static Workload Attention(Device device, int heads, int length, int width)
    {
        Tensor[] operands = [.. Enumerable.Range(1, 3).Select(seed => Workload.Values(seed, [heads, length, width]))];
        Tensor rows = Ops.Iota([length, length], 0), columns = Ops.Iota([length, length], 1);
        Tensor hidden = Ops.Greater(columns, rows);
        // Half of the two products lies behind the mask.
        double flops = 2.0 * heads * length * length * width;
        return Workload.Of($"{heads} x {length} x {width} causal, composed", device, [.. operands, hidden], t =>
        {
            Tensor scores = t[0].MatMul(Ops.MoveAxis(t[1], -1, -2)) * (1 / Math.Sqrt(width));
            return [Ops.Softmax(Ops.Where(t[3], Tensor.Scalar(double.NegativeInfinity), scores)).MatMul(t[2])];
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
