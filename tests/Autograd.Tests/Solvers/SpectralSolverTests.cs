using Engine.Tensors;

namespace Engine.Autograd.Tests.Solvers;

/// <summary>Lanczos coefficients, greatest eigenvalues and stochastic traces against dense spectra.</summary>
public sealed class SpectralSolverTests
{
    [Theory, InlineData(true), InlineData(false)]
    public void LanczosCoefficients(bool reorthogonalize)
    {
        Tensor m = Symmetric(7), start = Given(7, 2);
        LanczosResult all = SpectralSolvers.Lanczos(v => Times(m, v), start, 7, reorthogonalize);
        Near(Ops.SymmetricEigen(m).Values, Ops.SymmetricEigen(Matrix(all)).Values, 1e-8);
        LanczosResult some = SpectralSolvers.Lanczos(v => Times(m, v), start, 4, reorthogonalize);
        Near(Ops.Eye(4, dtype: DType.F64), Ops.MatMul(some.Basis, some.Basis.T), 1e-9);
        Near(Matrix(some), Ops.MatMul(Ops.MatMul(some.Basis, m), some.Basis.T), 1e-9);
        Near(start / Ops.Sqrt(Ops.Square(start).Sum()), some.Basis[0], 1e-12);
    }

    [Fact]
    public void AnExhaustedSpaceEndsInZeros()
    {
        // The start has parts along two eigenvalues only.
        Tensor m = Ops.Diag(Tensor.Of([1.0, 1, 4, 4, 9])), start = Tensor.Of([1.0, 0, 1, 0, 0]);
        LanczosResult result = SpectralSolvers.Lanczos(v => Times(m, v), start, 4);
        Near(Tensor.Of([2.5, 2.5, 0, 0]), result.Diagonal, 1e-12);
        Near(Tensor.Of([1.5, 0, 0]), result.Beside, 1e-12);
        Near(Tensor.Of([0.0, 0, 0, 0, 0]), result.Basis[3], 0);
    }

    [Fact]
    public void LanczosHasDerivatives()
    {
        Tensor start = Given(6, 3), m = Symmetric(6);
        GradCheck.Check(x => SpectralSolvers.Lanczos(v => Times(x + x.T, v), start, 4).Diagonal.Sum(), m, order: 2);
    }

    [Fact]
    public void TheGreatestEigenvalue()
    {
        Tensor m = Symmetric(6) + (Ops.Eye(6, dtype: DType.F64) * 5), start = Given(6, 4), d = Given(36, 5).Reshape(6, 6), weights = Given(6, 6);
        Solution<TensorList> pair = SpectralSolvers.PowerIteration(v => Times(m, v), start);
        (Tensor values, Tensor vectors) = Ops.SymmetricEigen(m);
        Assert.True(pair.Converged.ToScalar<bool>());
        Near(values[5], pair.Value.Items[0], 1e-11);
        Near(Ops.Abs(vectors[.., 5]), Ops.Abs(pair.Value.Items[1]), 1e-10);
        Tensor sign = Ops.Sign((vectors[.., 5] * pair.Value.Items[1]).Sum());
        Tensor dense(Tensor x)
        {
            (Tensor w, Tensor v) = Ops.SymmetricEigen((x + x.T) * 0.5);
            return (w[5] * w[5]) + (sign * (v[.., 5] * weights).Sum());
        }
        Tensor iterated(Tensor x)
        {
            TensorList found = SpectralSolvers.PowerIteration(v => Times((x + x.T) * 0.5, v), start).Value;
            return (found.Items[0] * found.Items[0]) + (found.Items[1] * weights).Sum();
        }
        Near(Transform.Grad(dense)(m), Transform.Grad(iterated)(m), 1e-9);
        Near(Transform.Hvp(dense, m, d), Transform.Hvp(iterated, m, d), 1e-8);
        Assert.False(SpectralSolvers.PowerIteration(v => v * Tensor.Of([1.0, -1]), Tensor.Of([1.0, 0.5]), maxIterations: 20).Converged.ToScalar<bool>());
    }

    [Fact]
    public void StochasticTraces()
    {
        // Signs square to 1: a diagonal has no variance, and enough steps no error of quadrature.
        Tensor diagonal = Tensor.Of([1.0, 2, 3, 4, 5]);
        (Tensor estimate, Tensor error) = SpectralSolvers.LogDeterminant(v => v * diagonal, 5, RandomKey.FromSeed(3), probes: 4, dtype: DType.F64);
        Near(Ops.Log(diagonal).Sum(), estimate, 1e-10);
        Near(Tensor.Scalar(0, DType.F64), error, 1e-10);
        Near(1 / diagonal, Transform.Grad(x => SpectralSolvers.LogDeterminant(v => v * x, 5, RandomKey.FromSeed(3), probes: 4, dtype: DType.F64).Estimate)(diagonal), 1e-7);
        // A multiple of the identity exhausts the space at once.
        Near(Tensor.Scalar(5 * Math.Log(2), DType.F64), SpectralSolvers.LogDeterminant(v => v * 2, 5, RandomKey.FromSeed(3), dtype: DType.F64).Estimate, 1e-10);
        Tensor m = Symmetric(30) + (Ops.Eye(30, dtype: DType.F64) * 12);
        (estimate, error) = SpectralSolvers.StochasticTrace(v => Times(m, v), 30, Ops.Sqrt, RandomKey.FromSeed(5), 200, 12, DType.F64);
        double exact = Ops.Sqrt(Ops.SymmetricEigen(m).Values).Sum().ToScalar<double>();
        Assert.True(Math.Abs(estimate.ToScalar<double>() - exact) < 4 * error.ToScalar<double>(), $"{estimate} +- {error}, not {exact}");
        Assert.True(error.ToScalar<double>() < 0.01 * exact);
    }

    [Fact]
    public void OperandsThatDoNotFit()
    {
        Assert.StartsWith(
            "lanczos: the number of steps must be between 1 and 3, got 4.", Assert.Throws<ArgumentOutOfRangeException>(() => SpectralSolvers.Lanczos(x => x, Tensor.Ones([3]), 4)).Message);
        Assert.Equal(
            "lanczos: the operator gives f32[2] for f32[3]. It must keep shape and element type.",
            Assert.Throws<ShapeException>(() => SpectralSolvers.Lanczos(x => x[..2], Tensor.Ones([3]), 2)).Message);
        Assert.Equal("lanczos: the first direction f32[0] has no elements.", Assert.Throws<ShapeException>(() => SpectralSolvers.Lanczos(x => x, Tensor.Ones([0]), 1)).Message);
        Assert.Throws<ShapeException>(() => SpectralSolvers.PowerIteration(x => x[..2], Tensor.Ones([3])));
        Assert.StartsWith(
            "stochasticTrace: n, probes and steps must be positive, got 3, 0 and 20.",
            Assert.Throws<ArgumentOutOfRangeException>(() => SpectralSolvers.StochasticTrace(x => x, 3, Ops.Log, RandomKey.FromSeed(1), 0)).Message);
    }

    private static Tensor Matrix(LanczosResult r) => Ops.Diag(r.Diagonal) + Ops.Diag(r.Beside, 1) + Ops.Diag(r.Beside, -1);

    private static Tensor Symmetric(int n)
    {
        Tensor x = Given(n * n, 1).Reshape(n, n);
        return x + x.T;
    }

    private static Tensor Times(Tensor m, Tensor v) => Ops.MatMul(m, v.Reshape(v.Count, 1)).Reshape(v.Count);

    private static Tensor Given(int count, int seed)
    {
        var random = new Random(seed);
        return Tensor.Of([.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 2) - 1)]);
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] left = expected.ToArray<double>(), right = actual.ToArray<double>();
        for (int i = 0; i < left.Length; i++) Assert.Equal(left[i], right[i], tolerance * Math.Max(1, Math.Abs(left[i])));
    }
}
