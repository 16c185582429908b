using Engine.Autograd.Duality;
using Engine.Autograd.Tests.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Duality;

/// <summary>Derivatives of polar factors against differences, and where singular values are equal or 0.</summary>
public sealed class PolarDerivativeTests
{
    public static TheoryData<PolarAccuracy> Accuracies => [.. Enum.GetValues<PolarAccuracy>()];

    [Theory, MemberData(nameof(Accuracies))]
    public void AgreeWithDifferences(PolarAccuracy accuracy)
    {
        foreach ((int m, int n) in ((int, int)[])[(3, 4), (4, 2), (3, 3), (1, 3), (1, 1)])
        {
            Tensor g = Matrices.Build(m, m, n, [.. Enumerable.Range(0, Math.Min(m, n)).Select(i => 1.5 - (0.4 * i))]).Matrix;
            // Nine quintic steps differ from 1 by 1e-14, but in waves that are shorter than any step of a difference: second derivatives are those of the waves.
            int order = accuracy == PolarAccuracy.High ? 1 : 2;
            Assert.InRange(GradCheck.Check(x => Polar.Factor(x, accuracy), g, order, tolerance: 1e-6), 0, 1e-6);
        }
    }

    [Fact]
    public void OfSchedulesAgreeWithDifferences()
    {
        Tensor g = Matrices.Gauss(1, 3, 5);
        foreach (PolarPrescale prescale in (PolarPrescale[])[PolarPrescale.Schatten4, PolarPrescale.Frobenius(1e-7), PolarPrescale.Frobenius() with { Factor = 1.02, Offset = 0.1 }, PolarPrescale.AlmostOrthogonal, PolarPrescale.None])
        {
            foreach (PolynomialForm form in (PolynomialForm[])[PolynomialForm.Plain, PolynomialForm.Gram])
                GradCheck.Check(x => Polar.Apply(x * 0.3, PolarSchedule.Minimax(0.1, 3), prescale, form), g, order: 2, tolerance: 1e-6);
        }
    }

    // At the identity P = 1: the derivative is the skew part, and the second derivative in symmetric and skew directions S and K is -(S K + K S) / 2, whose eigenvalues all meet.
    [Fact]
    public void WhereSingularValuesAreEqual()
    {
        Tensor one = Ops.Eye(3, dtype: DType.F64), e = Matrices.Gauss(1, 3, 3), skew = (e - e.T) * 0.5, even = (e + e.T) * 0.5;
        Given.Near(skew.ToArray<double>(), Transform.Jvp(x => Polar.Factor(x, PolarAccuracy.Exact), one, e).Tangent, 1e-13);
        Given.Near(skew.ToArray<double>(), Transform.Vjp(x => Polar.Factor(x, PolarAccuracy.Exact), one, e).Cotangent, 1e-13);
        Tensor second = Transform.Jvp(x => Transform.Jvp(y => Polar.Factor(y, PolarAccuracy.Exact), x, skew).Tangent, one, even).Tangent;
        Given.Near(((even.MatMul(skew) + skew.MatMul(even)) * -0.5).ToArray<double>(), second, 1e-12);
    }

    // Of U_r V_r^T along a curve of the same rank.
    [Fact]
    public void AmongMatricesOfTheSameRank()
    {
        foreach ((int m, int n) in ((int, int)[])[(4, 5), (5, 3), (4, 4)])
        {
            Tensor c = Matrices.Gauss(m, m, 2), f = Matrices.Gauss(n + 9, 2, n);
            GradCheck.Check(x => Polar.Factor(x.MatMul(f), PolarAccuracy.Exact), c, tolerance: 1e-6);
        }
        Assert.All(Transform.Grad(x => Ops.Sum(Polar.Factor(x, PolarAccuracy.Exact)))(Tensor.Zeros([3, 4], DType.F64)).ToArray<double>(), v => Assert.Equal(0, v));
        foreach (PolarAccuracy accuracy in Enum.GetValues<PolarAccuracy>())
            Assert.All(Transform.Grad(x => Ops.Sum(Polar.Factor(x, accuracy)))(Tensor.Zeros([2, 3], DType.F64)).ToArray<double>(), v => Assert.True(double.IsFinite(v)));
    }

    // d polar(t G) / dt = 0, and the derivative in G shrinks as G grows.
    [Fact]
    public void AtAnyScale()
    {
        Tensor g = Matrices.Gauss(1, 3, 4).Cast(DType.F32), direction = Matrices.Gauss(2, 3, 4).Cast(DType.F32);
        foreach (PolarAccuracy accuracy in Enum.GetValues<PolarAccuracy>())
        {
            Assert.All(Transform.Jvp(x => Polar.Factor(x, accuracy), g, g).Tangent.ToArray<float>(), v => Assert.Equal(0, v, 1e-4));
            Tensor usual = Transform.Jvp(x => Polar.Factor(x, accuracy), g, direction).Tangent;
            foreach (float scale in (float[])[1e-30f, 1e30f])
                Given.Near(usual.Cast(DType.F64).ToArray<double>(), Transform.Jvp(x => Polar.Factor(x, accuracy), g * scale, direction * scale).Tangent.Cast(DType.F64), 1e-3);
        }
    }
}
