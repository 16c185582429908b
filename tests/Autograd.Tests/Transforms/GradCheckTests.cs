using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>The public derivative check and the differences under it.</summary>
public sealed class GradCheckTests
{
    private static readonly Tensor X = Tensor.Of(new double[,] { { 0.5, -1.5 }, { 2.0, 0.25 } });

    [Fact]
    public void RightDerivativesPass()
    {
        Assert.InRange(GradCheck.Check(x => Ops.Tanh(x).MatMul(x), X), 0, 1e-10);
        Assert.InRange(GradCheck.Check(x => Ops.Softmax(x) * x, X, order: 2), 0, 1e-10);
    }

    [Fact]
    public void AWrongSignIsFound()
    {
        Func<Tensor, Tensor> wrong = CustomVjp(Ops.Sin, (x, _, ct) => -(ct * Ops.Cos(x)));
        GradientException e = Assert.Throws<GradientException>(() => GradCheck.Check(wrong, X));
        Assert.StartsWith("gradCheck: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void AnErrorOfAMillionthIsFound()
    {
        Func<Tensor, Tensor> wrong = CustomVjp(Ops.Sin, (x, _, ct) => ct * Ops.Cos(x) * (1 + 1e-6));
        Assert.Throws<GradientException>(() => GradCheck.Check(wrong, X));
    }

    [Fact]
    public void AWrongSecondDerivativeIsFound()
    {
        // The first derivative is right; its own rule drops the term in x.
        Func<Tensor, Tensor> wrong = CustomVjp(x => x * x * x, (x, _, ct) => ct * 3 * x * Ops.StopGradient(x));
        GradCheck.Check(wrong, X);
        Assert.Throws<GradientException>(() => GradCheck.Check(wrong, X, order: 2));
    }

    [Fact]
    public void AKinkIsAnError() => Assert.Throws<GradientException>(() => GradCheck.Check(Ops.Relu, Tensor.Of([0.0, 1])));

    [Fact]
    public void LargeFunctionsAreCheckedAlongDirections() =>
        Assert.InRange(GradCheck.Check(x => Ops.Sin(x) * Ops.Sum(x), Tensor.Of([.. Enumerable.Range(0, 100).Select(i => i * 0.01)])), 0, 1e-9);

    [Fact]
    public void SinglesAreRefused() => Assert.Equal("gradCheck: differences need f64, got f32[2]. Cast it: x.Cast(DType.F64).",
        Assert.Throws<DTypeException>(() => GradCheck.Check(Ops.Sin, Tensor.Of([1f, 2f]))).Message);

    [Fact]
    public void DifferencesAreAccurateEvenWhereDerivativesAreLarge()
    {
        double[] d = FiniteDifference.Along(Ops.Log, Tensor.Of([0.05, 1, 1000]), [1, 1, 1]);
        Assert.Equal(20, d[0], 8);
        Assert.Equal(1, d[1], 10);
        Assert.Equal(0.001, d[2], 10);
    }

    [Fact]
    public void SplitMixGivesItsPublishedNumbers()
    {
        ulong state = 1234567;
        Assert.Equal(6457827717110365317UL, SplitMix.Next(ref state));
        Assert.Equal(3203168211198807973UL, SplitMix.Next(ref state));
    }
}
