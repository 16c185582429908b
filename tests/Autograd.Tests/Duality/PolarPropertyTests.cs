using Engine.Autograd.Duality;
using Engine.Tensors;
using FsCheck.Fluent;
using Property = Engine.Testing.Property;

namespace Engine.Autograd.Tests.Duality;

/// <summary>The errors that <see cref="PolarAccuracy"/> promises, for any shape, condition up to 1e7, scale and spectrum.</summary>
public sealed class PolarPropertyTests
{
    private sealed record Case(int M, int N, double Condition, double Scale, int Missing, bool Single, PolarAccuracy Accuracy, int Seed)
    {
        public double[] Singular()
        {
            var random = new Random(Seed);
            int count = Math.Min(M, N), missing = Math.Min(Missing, count - 1);
            double[] s = [.. Enumerable.Range(0, count).Select(_ => Math.Pow(Condition, -random.NextDouble()))];
            for (int i = 0; i < missing; i++) s[i] = 0;
            return s;
        }
    }

    [Fact]
    public void ErrorsAreWithinTheBounds()
    {
        var cases = Arb.From(
            from m in Gen.Choose(1, 40)
            from n in Gen.Choose(1, 40)
            from condition in Gen.Elements(1, 3, 30, 1e3, 1e5, 1e7)
            from single in Gen.Elements(true, false)
            from exponent in Gen.Choose(-30, 30)
            from missing in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 10)))
            from accuracy in Gen.Elements(Enum.GetValues<PolarAccuracy>())
            from seed in Gen.Choose(0, 1 << 30)
            select new Case(m, n, condition, Math.Pow(single ? 10 : 1e10, exponent), missing, single, accuracy, seed));
        Property.Check("errors of polar factors", cases, Check, maxTest: 150);
    }

    private static void Check(Case c)
    {
        double[] singular = c.Singular();
        (Tensor g, Tensor polar) = Matrices.Build(c.Seed, c.M, c.N, singular);
        DType type = c.Single ? DType.F32 : DType.F64;
        double unit = Math.ScaleB(1, c.Single ? -24 : -53), root = Math.Sqrt(singular.Length);
        double norm = Math.Pow(singular.Sum(s => Math.Pow(s, 4)), 0.25), least = singular.Where(s => s > 0).Min() / norm;
        Tensor o = Polar.Factor((g * c.Scale).Cast(type), c.Accuracy).Cast(DType.F64);
        double[] values = Ops.Svd(o).S.ToArray<double>();
        int rank = singular.Count(s => s > 0);
        bool halley = c.Accuracy is PolarAccuracy.Fast or PolarAccuracy.Default;
        double rounding = 16 * unit * root * (halley ? Math.Max(16000, 1 / least) : 1 / least);
        // Singular values: at most 1, and close to 1 as far as provided for.
        Assert.True(values[0] <= 1 + 2e-14 + (100 * unit * root), $"{c}: the greatest singular value is 1 + {values[0] - 1:g3}.");
        double worst = Polar.WorstError(c.Accuracy, least);
        if (rank == singular.Length) Assert.True(values[^1] >= 1 - worst - rounding, $"{c}: the least singular value is {values[^1]}, {1 - worst - rounding} at least expected.");
        // The factor itself, where rounding has left the directions of the least singular values known.
        if (rank < singular.Length || rounding > 0.1) return;
        double error = Matrices.Spectral(o - polar);
        Assert.True(error <= worst + rounding, $"{c}: off by {error:g3}, {worst:g3} + {rounding:g3} at most expected.");
    }
}
