using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>Transforms inside transforms, in every order.</summary>
public sealed class NestingTests
{
    private static readonly Tensor X = Tensor.Of([0.3, -1.2, 2.0]), V = Tensor.Of([1.0, 0.5, -2.0]);

    [Fact]
    public void GradOfGrad()
    {
        Tensor second = Grad(x => Grad(y => Ops.Sum(Ops.Sin(y)))(x).Sum())(X);
        Close(second, X.ToArray<double>().Select(x => -Math.Sin(x)));
    }

    [Fact]
    public void FourthDerivative()
    {
        Func<Tensor, Tensor> f = x => Ops.Exp(x * 2);
        for (int i = 0; i < 4; i++) f = GradOfSum(f);
        Close(f(X), X.ToArray<double>().Select(x => 16 * Math.Exp(2 * x)));
    }

    [Fact]
    public void VmapOfGrad()
    {
        Tensor xs = Ops.Stack([X, X * 2]);
        Close(Vmap(Grad(Cubes))(xs), xs.ToArray<double>().Select(x => 3 * x * x));
    }

    [Fact]
    public void GradOfVmap() => Close(Grad(x => Ops.Sum(Vmap(Cubes)(x.Reshape(3, 1))))(X), X.ToArray<double>().Select(x => 3 * x * x));

    [Fact]
    public void VmapOfVmap()
    {
        Tensor grid = Tensor.Of(new double[,,] { { { 1, 2 }, { 3, 4 } }, { { 5, 6 }, { 7, 8 } } });
        Close(Vmap(Vmap(Cubes))(grid), [9, 91, 341, 855]);
    }

    [Fact]
    public void JvpOfVjp()
    {
        Tensor tangent = Jvp(x => Vjp(Coupled, x, V).Cotangent, X, V).Tangent;
        double[] differences = FiniteDifference.Along(x => Vjp(Coupled, x, V).Cotangent, X, V.ToArray<double>());
        Close(tangent, differences, 1e-9);
    }

    [Fact]
    public void VjpOfJvp()
    {
        Tensor cotangent = Vjp(x => Jvp(Coupled, x, V).Tangent, X, V).Cotangent;
        double[] differences = FiniteDifference.Along(x => Vjp(Coupled, x, V).Cotangent, X, V.ToArray<double>());
        Close(cotangent, differences, 1e-9);
    }

    [Fact]
    public void JvpOfJvp() => Close(
        Jvp(x => Jvp(Ops.Sin, x, V).Tangent, X, V).Tangent,
        X.ToArray<double>().Zip(V.ToArray<double>(), (x, v) => -Math.Sin(x) * v * v));

    [Fact]
    public void HvpIsTheHessianTimesTheVector()
    {
        Func<Tensor, Tensor> f = x => Ops.Sum(Coupled(x) * Coupled(x));
        Close(Hvp(f, X, V), Hessian(f)(X).MatMul(V).ToArray<double>(), 1e-12);
    }

    [Fact]
    public void HessianIsSymmetric()
    {
        Tensor h = Hessian(x => Ops.Sum(Coupled(x) * Ops.Exp(x)))(X);
        Close(h, h.T.ToArray<double>(), 1e-13);
    }

    [Fact]
    public void JacobianOfATallAndAWideFunction()
    {
        Tensor m = Tensor.Of(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal(m.ToArray<double>(), Jacobian(x => m.MatMul(x))(X).ToArray<double>());
        Assert.Equal(m.T.ToArray<double>(), Jacobian(x => m.T.MatMul(x))(Tensor.Of([1.0, 2])).ToArray<double>());
    }

    [Fact]
    public void VmapOfHvp()
    {
        Tensor xs = Ops.Stack([X, -X]);
        Tensor batched = Vmap(x => Hvp(Cubes, x, V))(xs);
        Close(batched, xs.ToArray<double>().Select((x, i) => 6 * x * V.ToArray<double>()[i % 3]));
    }

    [Fact]
    public void PerExampleGradientsOfASharedWeight()
    {
        Tensor w = V, xs = Ops.Stack([X, X * 3]);
        Tensor each = Vmap(x => Grad(u => Ops.Square(Ops.Sum(u * x)))(w))(xs);
        double[] expected = [.. new[] { X, X * 3 }.SelectMany(x => Grad(u => Ops.Square(Ops.Sum(u * x)))(w).ToArray<double>())];
        Close(each, expected);
    }

    [Fact]
    public void VmapOverAnotherAxisAndOverOneArgumentOnly()
    {
        Tensor m = Tensor.Of(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Close(Vmap((Tensor a, Tensor b) => Ops.Sum(a * b), 1, null)(m, Tensor.Of([1.0, 10])), [41, 52, 63]);
        Close(Vmap((Tensor a, Tensor b) => Ops.Sum(a * b), null, 0)(Tensor.Of([1.0, 10]), m.T), [41, 52, 63]);
    }

    private static Tensor Cubes(Tensor x) => Ops.Sum(x * x * x);

    private static Tensor Coupled(Tensor x) => Ops.Tanh(x) * Ops.Sum(Ops.Sin(x) * V) + x * x;

    private static Func<Tensor, Tensor> GradOfSum(Func<Tensor, Tensor> f) => Grad(x => f(x).Sum());

    private static void Close(Tensor actual, IEnumerable<double> expected, double tolerance = 1e-13)
    {
        double[] a = actual.ToArray<double>(), e = [.. expected];
        Assert.Equal(e.Length, a.Length);
        for (int i = 0; i < a.Length; i++)
            Assert.True(Math.Abs(a[i] - e[i]) <= tolerance * Math.Max(1, Math.Abs(e[i])), $"Element {i} is {a[i]}, expected {e[i]}.");
    }
}
