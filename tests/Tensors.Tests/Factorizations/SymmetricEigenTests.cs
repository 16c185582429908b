using Engine.Autograd;
using Engine.Tensors.Reference;
using static Engine.Tensors.Tests.Factorizations.MatrixAsserts;
using static Engine.Tensors.Tests.Factorizations.TestMatrices;

namespace Engine.Tensors.Tests.Factorizations;

/// <summary>Backward errors in the units of LAPACK's tests, worked cases, derivatives where eigenvalues meet, and operands that do not fit.</summary>
public sealed class SymmetricEigenTests
{
    [Theory, InlineData(DType.F32), InlineData(DType.F64)]
    public void ErrorsAreThoseOfRounding(DType type)
    {
        foreach (int n in (int[])[0, 1, 2, 3, 5, 17, 33, 64, 100])
        {
            foreach ((string name, double[,] values) in Symmetric(n, type))
            {
                Tensor x = Tensor.Of(values).Cast(type);
                (Tensor w, Tensor v) = Ops.SymmetricEigen(x);
                double[,] a = Of(x), vectors = Of(v);
                double[] lambda = w.Cast(DType.F64).ToArray<double>();
                string what = $"{name}, {n}";
                double error = Distance(Times(a, vectors), Build(n, n, (i, j) => vectors[i, j] * lambda[j]));
                Assert.True(error <= 30 * n * Norm(a) * Epsilon(type), $"{what}: the residual is {error / (n * Norm(a) * Epsilon(type)):g3} units.");
                double skew = Skewness(vectors);
                Assert.True(skew <= 30 * n * Epsilon(type), $"{what}: orthogonal up to {skew / (n * Epsilon(type)):g3} units.");
                for (int j = 0; j < n; j++)
                {
                    Assert.True(j == 0 || lambda[j - 1] <= lambda[j], $"{what}: value {j} is out of order.");
                    int greatest = Enumerable.Range(0, n).MaxBy(i => Math.Abs(vectors[i, j]));
                    Assert.True(vectors[greatest, j] > 0, $"{what}: the sign of vector {j}.");
                }
            }
        }
    }

    [Fact]
    public void WorkedCases()
    {
        double half = Math.Sqrt(0.5);
        // The upper triangle is not read.
        (Tensor w, Tensor v) = Ops.SymmetricEigen(Tensor.Of(new[,] { { 2.0, double.NaN }, { 1, 2 } }));
        Near([1, 3], w);
        Assert.Equal([half, half, half, half], v.ToArray<double>().Select(Math.Abs), (a, b) => Math.Abs(a - b) < 1e-15);
        // numpy.linalg.eigh([[4, 1, 0], [1, 3, 1], [0, 1, 2]]): 3 and 3 -+ sqrt(3).
        (w, v) = Ops.SymmetricEigen(Tensor.Of(new[,] { { 4.0, 1, 0 }, { 1, 3, 1 }, { 0, 1, 2 } }));
        Near([3 - Math.Sqrt(3), 3, 3 + Math.Sqrt(3)], w);
        Near(
            [0.21132486540518716, 0.577350269189626, 0.788675134594813, -0.577350269189626, -0.577350269189626, 0.577350269189626, 0.788675134594813, -0.577350269189626, 0.21132486540518716],
            v * Ops.Sign(Ops.Narrow(v, 0, 0, 1)));
        // Second differences: 2 - 2 cos(k pi / (n + 1)).
        w = Ops.SymmetricEigen(Tensor.Of(Symmetric(9, DType.F64).Single(a => a.Name == "second difference").Values)).Values;
        Near([.. Enumerable.Range(1, 9).Select(k => 2 - (2 * Math.Cos(k * Math.PI / 10)))], w);
        (w, v) = Ops.SymmetricEigen(Tensor.Of(new[,] { { 1.0, 0 }, { double.PositiveInfinity, 1 } }));
        Assert.All(w.ToArray<double>().Concat(v.ToArray<double>()), value => Assert.True(double.IsNaN(value)));
        Near([1, 1, 1], Ops.SymmetricEigen(Ops.Eye(3, dtype: DType.F64)).Values);
    }

    [Fact]
    public void DerivativesWhereEigenvaluesMeet()
    {
        Tensor one = Ops.Eye(3, dtype: DType.F64), twice = Tensor.Of(new[,] { { 2.0, 0, 0 }, { 0, 5, 0 }, { 0, 0, 2 } });
        // Of the trace of a function: the function's derivative of the matrix.
        static Tensor trace(Tensor x) => Ops.Sum(Ops.Exp(Ops.SymmetricEigen(x).Values));
        Near([Math.E, 0, 0, 0, Math.E, 0, 0, 0, Math.E], Transform.Grad(trace)(one));
        double two = Math.Exp(2), five = Math.Exp(5);
        Near([two, 0, 0, 0, five, 0, 0, 0, two], Transform.Grad(trace)(twice));
        // The projection on the plane of the double eigenvalue, in a direction that leaves it: sum over pairs / (2 - 5).
        Tensor weights = Tensor.Of(new[,] { { 1.0, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } });
        Tensor plane(Tensor x)
        {
            Tensor v = Ops.Narrow(Ops.SymmetricEigen(x).Vectors, 1, 0, 2);
            return Ops.Sum(Ops.MatMul(v, v.T) * weights);
        }
        double a = (2 + 4) / 2.0 / -3, b = (6 + 8) / 2.0 / -3;
        Near([0, a, 0, a, 0, b, 0, b, 0], Transform.Grad(plane)(twice));
        // Log-determinant at a multiple of the identity, to second order: -x^-1 e x^-1.
        static Tensor logarithm(Tensor x) => Ops.Sum(Ops.Log(Ops.SymmetricEigen(x).Values));
        Near([0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5], Transform.Grad(logarithm)(one * 2));
    }

    [Fact]
    public void ThreadsAndLayoutsChangeNoBit()
    {
        foreach (Shape shape in (Shape[])[[200, 200], [3, 70, 70], [60, 9, 9]]) SameBits(shape, All);
        static float[] All(Tensor x) => [.. Ops.SymmetricEigen(x).Values.ToArray<float>(), .. Ops.SymmetricEigen(x).Vectors.ToArray<float>()];
    }

    [Fact]
    public void OperandsThatDoNotFit()
    {
        Assert.Equal(
            "symmetricEigen: takes square matrices [..., n, n], got [2, 3], 2 != 3.", Assert.Throws<ShapeException>(() => Ops.SymmetricEigen(Tensor.Zeros([2, 3]))).Message);
        Assert.Throws<DTypeException>(() => Ops.SymmetricEigen(Tensor.Zeros([2, 2], DType.I32)));
    }

    [Fact]
    public void TheReferenceAgrees()
    {
        double[,] a = Symmetric(6, DType.F64).First().Values;
        (Tensor w, Tensor v) = Ops.SymmetricEigen(Tensor.Of(a));
        (Tensor rw, Tensor rv) = Ops.SymmetricEigen(Tensor.Of(a).To(new ReferenceDevice()));
        Near(rw.ToArray<double>(), w);
        Near(rv.ToArray<double>(), v);
    }
}
