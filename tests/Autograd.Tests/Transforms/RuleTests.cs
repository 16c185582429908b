using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>Checkpointing, rules of the user's own, stopped derivatives and branches not taken.</summary>
public sealed class RuleTests
{
    private static readonly Tensor X = Tensor.Of([0.5, -1.5, 2.0]);

    [Fact]
    public void CheckpointingChangesNoBitOfTheGradient()
    {
        Func<Tensor, Tensor> block = x => Ops.Gelu(x) * Ops.Softmax(x) + Ops.Sin(x);
        double[] plain = Grad(x => Ops.Sum(block(block(block(x)))))(X).ToArray<double>();
        Func<Tensor, Tensor> again = Checkpoint(block);
        Assert.Equal(plain, Grad(x => Ops.Sum(again(again(again(x)))))(X).ToArray<double>());
        Assert.Equal(block(X).ToArray<double>(), again(X).ToArray<double>());
    }

    [Fact]
    public void CheckpointsNestInEveryTransform()
    {
        Func<Tensor, Tensor> f = Checkpoint(x => Ops.Sum(Checkpoint(Ops.Tanh)(x) * x));
        double[] hvp = Hvp(f, X, X).ToArray<double>(), plain = Hvp(x => Ops.Sum(Ops.Tanh(x) * x), X, X).ToArray<double>();
        for (int i = 0; i < 3; i++) Assert.Equal(plain[i], hvp[i], 13);
        Assert.Equal(2, Vmap(f)(Ops.Stack([X, -X])).Count);
    }

    [Fact]
    public void CheckpointsDifferentiateWhatTheyCapture()
    {
        Tensor g = Grad(w => Ops.Sum(Checkpoint(x => Ops.Sin(x * w))(X)))(Tensor.Scalar(2, DType.F64));
        Assert.Equal(X.ToArray<double>().Sum(x => x * Math.Cos(2 * x)), g.ToScalar<double>(), 13);
    }

    [Fact]
    public void ACustomRuleReplacesTheDerivative()
    {
        // Straight through: the value is rounded, the derivative is the identity.
        Func<Tensor, Tensor> f = CustomVjp(Ops.Round, (_, _, ct) => ct);
        Assert.Equal([0.0, -2, 2], f(X).ToArray<double>());
        Assert.Equal([1.0, 1, 1], Grad(x => Ops.Sum(f(x)))(X).ToArray<double>());
        Assert.Equal([0.0, 0, 0], Jvp(f, X, X).Tangent.ToArray<double>());
    }

    [Fact]
    public void ACustomRuleSeesTheValueAndMayBeDifferentiated()
    {
        Func<Tensor, Tensor> exp = CustomVjp(Ops.Exp, (_, y, ct) => ct * y);
        Tensor second = Grad(x => Ops.Sum(Grad(y => Ops.Sum(exp(y)))(x)))(X);
        double[] expected = Ops.Exp(X).ToArray<double>();
        for (int i = 0; i < 3; i++) Assert.Equal(expected[i], second.ToArray<double>()[i], 13);
    }

    [Fact]
    public void ACustomRuleGovernsBatches()
    {
        Func<Tensor, Tensor> f = CustomVjp(x => x * 2, (_, _, ct) => ct * 100);
        Assert.Equal([100.0, 100, 100], Grad(x => Ops.Sum(Vmap(f)(x)))(X).ToArray<double>());
        Assert.Equal([100.0, 100, 100], Vmap(Grad(f))(X).ToArray<double>());
    }

    [Fact]
    public void ACustomRuleOfTheWrongShapeIsRefused()
    {
        ShapeException e = Assert.Throws<ShapeException>(() => CustomVjp(x => x * 2, (_, _, ct) => Ops.Sum(ct))(X));
        Assert.Equal("customVjp: the rule's result must be like x, got f64[] and f64[3].", e.Message);
    }

    [Fact]
    public void AStoppedGradientIsZeroInEveryMode()
    {
        Func<Tensor, Tensor> f = x => Ops.Sum(Ops.StopGradient(x * x) * x);
        Assert.Equal(X.ToArray<double>().Select(x => x * x), Grad(f)(X).ToArray<double>());
        Assert.Equal(X.ToArray<double>().Sum(x => x * x), Jvp(f, X, Tensor.Ones([3], DType.F64)).Tangent.ToScalar<double>(), 13);
        Assert.Equal([0.0, 0, 0], Hvp(x => Ops.Sum(Ops.StopGradient(x) * x), X, X).ToArray<double>());
    }

    [Fact]
    public void NaNInTheBranchNotTakenStaysThere()
    {
        // log of the operand replaced where it is not taken: the derivative is finite to every order.
        Func<Tensor, Tensor> safe = x => Ops.Where(x > 0, Ops.Log(Ops.Where(x > 0, x, Tensor.Scalar(1, DType.F64))), x);
        Assert.Equal([2.0, 1, 0.5], Grad(x => Ops.Sum(safe(x)))(X).ToArray<double>());
        Assert.All(Hvp(x => Ops.Sum(safe(x)), X, X).ToArray<double>(), v => Assert.True(double.IsFinite(v)));
        Tensor nan = Tensor.Full(double.NaN, [3], DType.F64);
        Assert.Equal([3.0, 3, 3], Grad(x => Ops.Sum(Ops.Where(Tensor.Of([true, true, true]), x * 3, nan)))(X).ToArray<double>());
    }

    [Fact]
    public void WhereSelectsCotangentsInsteadOfMultiplying()
    {
        Tensor condition = Tensor.Of([true, false, true]);
        Tensor ct = Tensor.Of([1.0, double.PositiveInfinity, 3]);
        Assert.Equal([1.0, 0, 3], Vjp(x => Ops.Where(condition, x, x.Like(0)), X, ct).Cotangent.ToArray<double>());
    }
}
