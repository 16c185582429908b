using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>What a symbolic tensor may be used for, where and until when.</summary>
public sealed class TraceTests
{
    private static readonly Tensor X = Tensor.Of([1.0, -2, 3]);

    [Fact]
    public void AnIfOnAValueWorksUnderGrad()
    {
        Func<Tensor, Tensor> f = x => Ops.Sum(x).ToScalar<double>() > 0 ? Ops.Sum(x * x) : Ops.Sum(x * x * x);
        Assert.Equal([2.0, -4, 6], Grad(f)(X).ToArray<double>());
        Assert.Equal([3.0, 12, 27], Grad(f)(-X).ToArray<double>());
        Assert.Equal(28, Jvp(f, X, X).Tangent.ToScalar<double>());
    }

    [Fact]
    public void AnIfOnAValueWorksUnderNestedGrad()
    {
        Func<Tensor, Tensor> f = x => Ops.Max(x).ToScalar<double>() > 2 ? Ops.Sum(x * x * x) : Ops.Sum(x);
        Assert.Equal([6.0, -12, 18], Grad(y => Ops.Sum(Grad(f)(y)))(X).ToArray<double>());
    }

    [Fact]
    public void AWhileOnAValueWorksUnderGrad()
    {
        Func<Tensor, Tensor> f = x =>
        {
            Tensor y = x;
            while (y.ToScalar<double>() < 100) y *= y;
            return y;
        };
        // 3 squared three times is 3^8 = 6561; the derivative is 8 * 3^7.
        Assert.Equal(8 * 2187, Grad(f)(Tensor.Scalar(3, DType.F64)).ToScalar<double>());
    }

    [Fact]
    public void ReadingAValueUnderVmapThrows()
    {
        TraceException e = Assert.Throws<TraceException>(() => Vmap(x => x.ToScalar<double>() > 0 ? x : -x)(X));
        Assert.Equal("toScalar: a tensor inside vmap has no value yet. Return it, or use Where instead of an if on its value.", e.Message);
    }

    [Fact]
    public void ReadingAValueUnderCompileThrows()
    {
        TraceException e = Assert.Throws<TraceException>(() => Function.Compile<Tensor, Tensor>(x => x * x.ToArray<double>()[0]).Invoke(X));
        Assert.StartsWith("toArray: a tensor inside compile has no value yet.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadingAValueOfGradInsideVmapThrows() =>
        Assert.Throws<TraceException>(() => Vmap(x => Grad(y => y.ToScalar<double>() > 0 ? y * y : y)(x))(X));

    [Fact]
    public void ATracerThatOutlivesItsTraceThrowsInTheNextOp()
    {
        Tensor escaped = Escaped();
        TraceException e = Assert.Throws<TraceException>(() => escaped + 1);
        Assert.StartsWith("add: operand 0 (f64[3]) belongs to a grad trace that has ended.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATracerThatOutlivesItsTraceThrowsWhenRead() =>
        Assert.StartsWith("toArray: ", Assert.Throws<TraceException>(() => Escaped().ToArray<double>()).Message, StringComparison.Ordinal);

    [Fact]
    public void ATracerThatOutlivesItsTraceThrowsAsAResult()
    {
        Tensor escaped = Escaped();
        Assert.Throws<TraceException>(() => Vjp(_ => escaped, X, X));
        Assert.Throws<TraceException>(() => Function.Compile<Tensor, Tensor>(_ => escaped).Invoke(X));
    }

    [Fact]
    public void ATraceEndsWhenTheFunctionThrows()
    {
        Tensor? escaped = null;
        Assert.Throws<NotSupportedException>(() => Grad((Tensor x) =>
        {
            escaped = x * 2;
            throw new NotSupportedException();
        })(X));
        Assert.Throws<TraceException>(() => escaped! + 1);
    }

    [Fact]
    public void AFunctionThatIgnoresItsArgumentHasZeroDerivative()
    {
        Assert.Equal([0.0, 0, 0], Grad((Tensor _) => Tensor.Scalar(5, DType.F64))(X).ToArray<double>());
        Assert.Equal([0.0], Jvp(_ => Tensor.Of([5.0]), X, X).Tangent.ToArray<double>());
        Assert.Equal([5.0, 5, 5], Vmap(_ => Tensor.Scalar(5, DType.F64))(X).ToArray<double>());
    }

    [Fact]
    public void GradSaysWhatItNeeds()
    {
        Assert.Equal("grad: the function must return one element, got f64[3]. Add .Sum() or use Vjp with a cotangent.",
            Assert.Throws<GradientException>(() => Grad(x => x * x)(X)).Message);
        Assert.Equal("grad: derivatives need a floating argument, got i64[2]. Cast it: x.Cast(DType.F32).",
            Assert.Throws<GradientException>(() => Grad(x => x.Sum())(Tensor.Of([1L, 2]))).Message);
    }

    [Fact]
    public void IntegersInBetweenCutTheDerivative() => Assert.Equal([0.0, 0, 0], Grad(x => Ops.Sum(x.Cast(DType.I32).Cast(DType.F64)))(X).ToArray<double>());

    [Fact]
    public void DeepGraphsDoNotOverflowTheStack()
    {
        Func<Tensor, Tensor> f = x =>
        {
            Tensor y = x;
            for (int i = 0; i < 20_000; i++) y = i % 2 == 0 ? y + x : -y;
            return Ops.Sum(y);
        };
        Tensor x = Tensor.Of([1.0]);
        Assert.Equal(1, Grad(f)(x).ToScalar<double>());
        Assert.Equal(f(x).ToScalar<double>(), Function.Compile<Tensor, Tensor>(f).Invoke(x).ToScalar<double>());
        Assert.Equal(1, Jvp(f, x, x).Tangent.ToScalar<double>());
    }

    [Fact]
    public void ReadingTheEndOfADeepGraphDoesNotOverflowTheStack()
    {
        Func<Tensor, Tensor> f = x =>
        {
            Tensor y = x;
            for (int i = 0; i < 20_000; i++) y += x;
            return y.Sum().ToScalar<double>() > 0 ? y.Sum() : x.Sum();
        };
        Assert.Equal(20_001, Grad(f)(Tensor.Of([1.0])).ToScalar<double>());
    }

    private static Tensor Escaped()
    {
        Tensor? escaped = null;
        Grad(x =>
        {
            escaped = x * 2;
            return x.Sum();
        })(X);
        return escaped!;
    }
}
