using Engine.Autograd;
using Engine.Tensors.Reference;
using static Engine.Tensors.Tests.Factorizations.MatrixAsserts;
using static Engine.Tensors.Tests.Factorizations.TestMatrices;

namespace Engine.Tensors.Tests.Factorizations;

/// <summary>Backward errors in the units of LAPACK's tests, worked cases, what is made of singular values, derivatives where they are equal or 0.</summary>
public sealed class SvdTests
{
    [Theory, InlineData(DType.F32), InlineData(DType.F64)]
    public void ErrorsAreThoseOfRounding(DType type)
    {
        foreach ((int m, int n) in ((int, int)[])[(0, 0), (0, 3), (1, 1), (1, 4), (2, 2), (3, 2), (5, 5), (17, 40), (33, 33), (64, 64), (100, 33), (100, 100)])
        {
            foreach ((string name, double[,] values) in General(m, n, type))
            {
                Tensor x = Tensor.Of(values).Cast(type);
                (Tensor ut, Tensor st, Tensor vtt) = Ops.Svd(x);
                double[,] a = Of(x), u = Of(ut), vt = Of(vtt);
                double[] s = st.Cast(DType.F64).ToArray<double>();
                int k = Math.Min(m, n);
                double unit = Math.Max(m, n) * Epsilon(type);
                string what = $"{name}, {m} x {n}";
                double error = Distance(a, Times(Build(m, k, (i, j) => u[i, j] * s[j]), vt));
                Assert.True(error <= 30 * unit * Norm(a), $"{what}: the residual is {error / (unit * Norm(a)):g3} units.");
                Assert.True(Skewness(u) <= 30 * unit, $"{what}: u is orthogonal up to {Skewness(u) / unit:g3} units.");
                Assert.True(Skewness(Turned(vt)) <= 30 * unit, $"{what}: v is orthogonal up to {Skewness(Turned(vt)) / unit:g3} units.");
                for (int j = 0; j < k; j++)
                {
                    Assert.True(s[j] >= 0 && (j == 0 || s[j - 1] >= s[j]), $"{what}: value {j} is out of order.");
                    double[] longer = m < n ? [.. Enumerable.Range(0, n).Select(i => vt[j, i])] : [.. Enumerable.Range(0, m).Select(i => u[i, j])];
                    Assert.True(longer.MaxBy(Math.Abs) > 0, $"{what}: the sign of vector {j}.");
                }
            }
        }
    }

    [Fact]
    public void WorkedCases()
    {
        // [3 0; 4 5]: singular values sqrt(45), sqrt(5).
        (Tensor u, Tensor s, Tensor vt) = Ops.Svd(Tensor.Of(new[,] { { 3.0, 0 }, { 4, 5 } }));
        double ten = Math.Sqrt(0.1), half = Math.Sqrt(0.5);
        Near([Math.Sqrt(45), Math.Sqrt(5)], s);
        Near([ten, 3 * ten, 3 * ten, -ten], Ops.Concat([Ops.Narrow(u, 1, 0, 1), Ops.Narrow(u, 1, 1, 1)], 1));
        Near([half, half, half, -half], vt);
        // numpy.linalg.svd([[1, 2], [3, 4], [5, 6]]).
        s = Ops.Svd(Tensor.Of(new[,] { { 1.0, 2 }, { 3, 4 }, { 5, 6 } })).S;
        Near([9.525518091565107, 0.5143005806586443], s);
        Near([9.525518091565107, 0.5143005806586443], Ops.Svd(Tensor.Of(new[,] { { 1.0, 3, 5 }, { 2, 4, 6 } })).S);
        // The second difference is symmetric: its eigenvalues.
        s = Ops.Svd(Tensor.Of(Symmetric(9, DType.F64).Single(a => a.Name == "second difference").Values)).S;
        Near([.. Enumerable.Range(1, 9).Reverse().Select(k => 2 - (2 * Math.Cos(k * Math.PI / 10)))], s);
        (u, s, vt) = Ops.Svd(Tensor.Of(new[,] { { 1.0, double.NaN }, { 0, 1 } }));
        Assert.All(u.ToArray<double>().Concat(s.ToArray<double>()).Concat(vt.ToArray<double>()), value => Assert.True(double.IsNaN(value)));
        // Columns of very different size: every value keeps its digits.
        s = Ops.Svd(Tensor.Of(new[,] { { 1.0, 1e-20 }, { 1, -1e-20 } })).S;
        Assert.Equal(Math.Sqrt(2) * 1e-20, s.ToArray<double>()[1], 1e-34);
    }

    [Fact]
    public void WhatIsMadeOfSingularValues()
    {
        Tensor a = Tensor.Of(new[,] { { 1.0, 2 }, { 2, 4 }, { 0, 0 } });
        Near([0.04, 0.08, 0, 0.08, 0.16, 0], Ops.PseudoInverse(a));
        Assert.Equal([1L], Ops.MatrixRank(a).ToArray<long>());
        Near([5], Ops.NuclearNorm(a));
        Near([5], Ops.SpectralNorm(a));
        // Of all x with x0 + 2 x1 = 1, the shortest.
        Near([0.2, 0.4], Ops.LeastSquares(a, Tensor.Of([1.0, 2, 7], [3, 1]), null));
        Near([0, 0, 0, 0], Ops.PseudoInverse(Tensor.Zeros([2, 2], DType.F64)));
        Assert.Equal([0L], Ops.MatrixRank(Tensor.Zeros([2, 3], DType.F64)).ToArray<long>());
        Assert.Equal([2L], Ops.MatrixRank(Tensor.Of(new[,] { { 1.0, 0 }, { 0, 1e-10 } })).ToArray<long>());
        Assert.Equal([1L], Ops.MatrixRank(Tensor.Of(new[,] { { 1.0, 0 }, { 0, 1e-10 } }), 1e-6).ToArray<long>());
        Near([0], Ops.SpectralNorm(Tensor.Zeros([0, 3], DType.F64)));
    }

    [Fact]
    public void DerivativesWhereSingularValuesMeetOrVanish()
    {
        Tensor one = Ops.Eye(3, 2, dtype: DType.F64);
        // Of the sum of squares / 2: the matrix itself, at equal values and at zeros.
        static Tensor half(Tensor x) => Ops.Sum(Ops.Square(Ops.Svd(x).S)) * 0.5;
        Near([1, 0, 0, 1, 0, 0], Transform.Grad(half)(one));
        Near([2, 0, 0, 0], Transform.Grad(half)(Tensor.Of(new[,] { { 2.0, 0 }, { 0, 0 } })));
        Near([1, 0, 0, 1, 0, 0], Transform.Grad(Ops.NuclearNorm)(one));
        Near([0.5, 0, 0, 0.5, 0, 0], Transform.Grad(Ops.SpectralNorm)(one));
        // Of the pseudo-inverse at the identity: -e, whatever the vectors are.
        Tensor e = Tensor.Of(new[,] { { 1.0, 2 }, { 3, 4 } });
        Near([-1, -2, -3, -4], Transform.Jvp(x => Ops.PseudoInverse(x), Ops.Eye(2, dtype: DType.F64), e).Tangent);
        // To second order: 2 e e.
        Near([14, 20, 30, 44], Transform.Jvp(y => Transform.Jvp(x => Ops.PseudoInverse(x), y, e).Tangent, Ops.Eye(2, dtype: DType.F64), e).Tangent);
    }

    [Fact]
    public void ThreadsAndLayoutsChangeNoBit()
    {
        foreach (Shape shape in (Shape[])[[120, 90], [3, 40, 60], [60, 9, 7]]) SameBits(shape, All);
        static float[] All(Tensor x)
        {
            (Tensor u, Tensor s, Tensor vt) = Ops.Svd(x);
            return [.. u.ToArray<float>(), .. s.ToArray<float>(), .. vt.ToArray<float>()];
        }
    }

    [Fact]
    public void OperandsThatDoNotFit()
    {
        Assert.Equal("svd: takes matrices [..., m, n], got [3]. Add the axes that are missing: x.Reshape(m, n).", Assert.Throws<ShapeException>(() => Ops.Svd(Tensor.Zeros([3]))).Message);
        Assert.StartsWith("pseudoInverse: takes matrices", Assert.Throws<ShapeException>(() => Ops.PseudoInverse(Tensor.Zeros([3]))).Message);
        Assert.StartsWith("matrixRank: takes matrices", Assert.Throws<ShapeException>(() => Ops.MatrixRank(Tensor.Zeros([3]))).Message);
        Assert.StartsWith("leastSquares: ", Assert.Throws<ShapeException>(() => Ops.LeastSquares(Tensor.Zeros([3, 2]), Tensor.Zeros([2, 2]), 0.1)).Message);
        Assert.Throws<DTypeException>(() => Ops.Svd(Tensor.Zeros([2, 2], DType.I32)));
    }

    [Fact]
    public void TheReferenceAgrees()
    {
        foreach ((int m, int n) in ((int, int)[])[(6, 4), (4, 6)])
        {
            double[,] a = General(m, n, DType.F64).First().Values;
            (Tensor u, Tensor s, Tensor vt) = Ops.Svd(Tensor.Of(a));
            (Tensor ru, Tensor rs, Tensor rv) = Ops.Svd(Tensor.Of(a).To(new ReferenceDevice()));
            Near(ru.ToArray<double>(), u);
            Near(rs.ToArray<double>(), s);
            Near(rv.ToArray<double>(), vt);
        }
    }
}
