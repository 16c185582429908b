using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Testing;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Hessian-vector products of the functions that networks are made of agree with differences of the gradient.</summary>
public sealed class SecondOrderTests(Tally tally) : IClassFixture<Tally>
{
    [Fact]
    public void Tanh() => Check(x => Ops.Sum(Ops.Tanh(x) * Weights(x)));

    [Fact]
    public void Sigmoid() => Check(x => Ops.Sum(Ops.Sigmoid(x) * Weights(x)));

    [Fact]
    public void Gelu() => Check(x => Ops.Sum(Ops.Gelu(x) * Weights(x)));

    [Fact]
    public void GeluTanh() => Check(x => Ops.Sum(Ops.GeluTanh(x) * Weights(x)));

    [Fact]
    public void Silu() => Check(x => Ops.Sum(Ops.Silu(x) * Weights(x)));

    [Fact]
    public void Softmax() => Check(x => Ops.Sum(Ops.Softmax(x) * Weights(x)));

    [Fact]
    public void LogSoftmax() => Check(x => Ops.Sum(Ops.LogSoftmax(x) * Weights(x)));

    [Fact]
    public void LogSumExp() => Check(x => Ops.Sum(Ops.Square(Ops.LogSumExp(x, [1]))));

    [Fact]
    public void CrossEntropy()
    {
        Tensor labels = Tensor.Of([1L, 0, 2]);
        Check(x => Losses.CrossEntropy(x, labels));
    }

    [Fact]
    public void LayerNorm()
    {
        var layer = new LayerNorm(4);
        Weights weights = layer.Initialize(RandomKey.FromSeed(0), DType.F64);
        Check(x => Ops.Sum(layer.Forward(weights, x) * Weights(x)));
    }

    [Fact]
    public void LinearThenGelu()
    {
        var layer = new Linear(4, 5);
        Weights weights = layer.Initialize(RandomKey.FromSeed(1), DType.F64);
        Check(x => Ops.Sum(Ops.Square(Ops.Gelu(layer.Forward(weights, x)))));
    }

    [Fact]
    public void LinearThenGeluInItsWeights()
    {
        Tensor input = Point(3, [5, 4], 1);
        Check(w => Ops.Sum(Ops.Square(Ops.Gelu(input.MatMul(w.T)))), [3, 4]);
    }

    [Fact]
    public void Convolution()
    {
        Tensor kernels = Point(4, [2, 1, 2, 2], 1);
        Check(x => Ops.Sum(Ops.Square(Ops.Tanh(Ops.Conv2D(x.Reshape(1, 1, 3, 4), kernels, padding: 1)))));
    }

    private void Check(Func<Tensor, Tensor> f) => Check(f, [3, 4]);

    private void Check(Func<Tensor, Tensor> f, Shape shape)
    {
        for (int i = 0; i < Cases.Scaled(8); i++)
        {
            Tensor x = Point(i, shape, 3), v = Point(i + 100, shape, 1);
            double[] exact = Hvp(f, x, v).ToArray<double>(), differences = FiniteDifference.Along(Grad(f), x, v.ToArray<double>());
            for (int j = 0; j < exact.Length; j++)
            {
                double error = Math.Abs(exact[j] - differences[j]) / Math.Max(1, Math.Abs(exact[j]));
                Assert.True(error <= GradCheck.Tolerance, $"Element {j} of the product is {exact[j]}, by differences {differences[j]}.");
                tally.Add("named Hessian-vector products", 1, error);
            }
            Assert.Contains(exact, e => Math.Abs(e) > 1e-3);
            GradCheck.Check(f, x, order: 2);
        }
    }

    private static Tensor Point(int seed, Shape shape, double scale)
    {
        var g = new Generator(seed, "second order", 0);
        return Tensor.Of([.. Enumerable.Range(0, shape.Count).Select(_ => g.Uniform(-scale, scale))], shape);
    }

    private static Tensor Weights(Tensor x) => Ops.Cos(Ops.Iota(x.Shape, 1, x.DType) + Ops.Iota(x.Shape, 0, x.DType) * 0.5);
}
