using System.Text.Json;
using Engine.Autograd.Duality;
using Engine.Autograd.Tests.Layers;
using Engine.Tensors;
using FsCheck.Fluent;
using Property = Engine.Testing.Property;

namespace Engine.Autograd.Tests.Duality;

/// <summary>Norms, dual norms and duality maps: by their definitions, by plain loops, and by what every norm must do.</summary>
public sealed class TensorNormTests
{
    /// <summary>Every row of the dictionary, with what the norm and its dual are of a matrix [3, 4], by loops over columns, rows, entries or singular values.</summary>
    private static readonly (string Name, TensorNorm Norm, Func<double[,], double> Of, Func<double[,], double> Dual)[] Dictionary =
    [
        ("l1 to l2", MatrixNorms.L1ToL2, w => Columns(w).Max(Length), g => Columns(g).Sum(Length)),
        ("l1 to RMS", MatrixNorms.L1ToRms, w => Columns(w).Max(c => Length(c) / Math.Sqrt(3)), g => Columns(g).Sum(c => Length(c) * Math.Sqrt(3))),
        ("l1 to linf", MatrixNorms.L1ToLinf, w => Entries(w).Max(Math.Abs), g => Entries(g).Sum(Math.Abs)),
        ("l2 to linf", MatrixNorms.L2ToLinf, w => Rows(w).Max(Length), g => Rows(g).Sum(Length)),
        ("spectral", MatrixNorms.Spectral, w => Singular(w).Max(), g => Singular(g).Sum()),
        ("RMS to RMS", MatrixNorms.RmsToRms, w => Singular(w).Max() * Math.Sqrt(4.0 / 3), g => Singular(g).Sum() * Math.Sqrt(3.0 / 4)),
        ("RMS to linf", MatrixNorms.RmsToLinf, w => Rows(w).Max(r => Length(r) * 2), g => Rows(g).Sum(r => Length(r) / 2)),
        ("Frobenius", MatrixNorms.Frobenius, w => Length(Entries(w)), g => Length(Entries(g))),
        ("Schatten 3", MatrixNorms.Schatten(3), w => PNorm(Singular(w), 3), g => PNorm(Singular(g), 1.5)),
        ("Schatten 2", MatrixNorms.Schatten(2), w => Length(Entries(w)), g => Length(Entries(g))),
    ];

    private static readonly (string Name, TensorNorm Norm)[] Others =
    [
        ("Euclidean", VectorNorms.Euclidean), ("RMS", VectorNorms.Rms), ("taps", MatrixNorms.ConvolutionTaps()), ("flattened", MatrixNorms.ConvolutionFlattened()),
        ("blocks", MatrixNorms.Blocks(3, MatrixNorms.RmsToRms)), ("transposed", MatrixNorms.L1ToRms.Transposed()), ("scaled", MatrixNorms.Spectral.Scale(3)),
    ];

    public static TheoryData<string> Rows10 => [.. Dictionary.Select(d => d.Name)];

    public static TheoryData<string> All => [.. Dictionary.Select(d => d.Name), .. Others.Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(Rows10))]
    public void AnthologyA1DualNormsAreTheirFormulas(string name)
    {
        (_, TensorNorm norm, Func<double[,], double> of, Func<double[,], double> dual) = Dictionary.Single(d => d.Name == name);
        for (int seed = 0; seed < 20; seed++)
        {
            Tensor w = Random(seed, [3, 4]);
            double[,] plain = Matrix(w);
            Assert.Equal(of(plain), norm.Of(w).ToScalar<double>(), 1e-13 * of(plain));
            Assert.Equal(dual(plain), norm.DualNorm(w).ToScalar<double>(), 1e-13 * dual(plain));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AnthologyA1TheMapIsTheBestOfUnitUpdates(string name)
    {
        TensorNorm norm = Named(name);
        Tensor g = Random(5, ShapeFor(name));
        double dual = norm.DualNorm(g).ToScalar<double>();
        Tensor best = norm.Dualize(g, PolarAccuracy.Exact);
        Assert.Equal(1, norm.Of(best).ToScalar<double>(), 1e-12);
        Assert.Equal(dual, Dot(g, best), 1e-12 * dual);
        for (int i = 0; i < 2000; i++)
        {
            Tensor other = Random(100 + i, g.Shape);
            // Directions beside the best one come closest to it.
            if (i % 2 == 0) other = best + other * 0.05;
            Assert.InRange(Dot(g, other / norm.Of(other)), double.NegativeInfinity, dual * (1 + 1e-12));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void NormsAreNorms(string name)
    {
        TensorNorm norm = Named(name);
        Property.Check($"norm: {name}", Arb.From(from a in Gen.Choose(0, 1 << 20) from b in Gen.Choose(0, 1 << 20) from s in Gen.Choose(-300, 300) select (a, b, s / 100.0)), t =>
        {
            Tensor x = Random(t.a, ShapeFor(name)), y = Random(t.b, ShapeFor(name));
            double nx = norm.Of(x).ToScalar<double>(), ny = norm.Of(y).ToScalar<double>();
            Assert.InRange(norm.Of(x + y).ToScalar<double>(), 0, (nx + ny) * (1 + 1e-12));
            Assert.Equal(Math.Abs(t.Item3) * nx, norm.Of(x * t.Item3).ToScalar<double>(), 1e-12 * (1 + nx));
            Assert.InRange(Math.Abs(Dot(y, x)), 0, nx * norm.DualNorm(y).ToScalar<double>() * (1 + 1e-12));
            // The map knows directions only.
            Assert.Equal(norm.Dualize(y, PolarAccuracy.Exact).ToArray<double>(), norm.Dualize(y * 4, PolarAccuracy.Exact).ToArray<double>());
        }, 30);
    }

    [Theory]
    [InlineData("spectral")]
    [InlineData("RMS to RMS")]
    [InlineData("Frobenius")]
    [InlineData("Schatten 3")]
    public void TurningAGradientTurnsItsUpdate(string name)
    {
        TensorNorm norm = Named(name);
        Tensor g = Random(1, [3, 4]);
        Tensor left = Polar.Factor(Random(2, [3, 3]), PolarAccuracy.Exact), right = Polar.Factor(Random(3, [4, 4]), PolarAccuracy.Exact);
        Given.Near(left.MatMul(norm.Dualize(g, PolarAccuracy.Exact)).MatMul(right).ToArray<double>(), norm.Dualize(left.MatMul(g).MatMul(right), PolarAccuracy.Exact));
        Assert.Equal(norm.DualNorm(g).ToScalar<double>(), norm.DualNorm(left.MatMul(g).MatMul(right)).ToScalar<double>(), 1e-12);
        if (name != "RMS to RMS") Given.Near(norm.Dualize(g, PolarAccuracy.Exact).T.ToArray<double>(), norm.Dualize(g.T, PolarAccuracy.Exact));
    }

    [Fact]
    public void AnthologyA5SchattenGoesFromTheNormalizedGradientToThePolarFactor()
    {
        Tensor g = Random(8, [5, 4]), polar = Polar.Factor(g, PolarAccuracy.Exact);
        Given.Near(MatrixNorms.Frobenius.Dualize(g).ToArray<double>(), MatrixNorms.Schatten(2).Dualize(g));
        double[] distances = [.. ((double[])[2, 4, 8, 32, 128, 1e6]).Select(p => VectorNorms.Euclidean.Of(MatrixNorms.Schatten(p).Dualize(g) - polar).ToScalar<double>())];
        for (int i = 1; i < distances.Length; i++) Assert.InRange(distances[i], 0, distances[i - 1]);
        Assert.InRange(distances[^1], 0, 1e-5);
    }

    [Fact]
    public void AtomsAreTheReferenceAnswers()
    {
        foreach (JsonElement atom in Fixture.Read("duality.json").GetProperty("atoms").EnumerateArray())
        {
            Tensor g = Fixture.Tensor(atom.GetProperty("G"));
            double[] dual = Fixture.Tensor(atom.GetProperty("dual")).ToArray<double>();
            (TensorNorm norm, double scale) = atom.GetProperty("atom").GetString() switch
            {
                "Linear" => (MatrixNorms.RmsToRms, 1),
                "Embed" => (MatrixNorms.L1ToRms.Transposed(), 1),
                "Conv2D" => (MatrixNorms.ConvolutionTaps(), 1),
                // The answer is the polar factor alone, [4, 12].
                "Conv2D_flattened_muon" => (MatrixNorms.ConvolutionFlattened(), Math.Sqrt(12.0 / 4)),
                "Bias_rms" => (VectorNorms.Rms, 1),
                "Scalar_sign" => (VectorNorms.MaxEntry, 1),
                var other => throw new InvalidOperationException(other),
            };
            Given.Near(dual, norm.Dualize(g, PolarAccuracy.Exact) * scale, 1e-10);
            if (atom.TryGetProperty("dual_norm", out JsonElement value)) Assert.Equal(value.GetDouble(), norm.DualNorm(g).ToScalar<double>(), 1e-10 * value.GetDouble());
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void ScaleAndZeroAreNoMatter(string name)
    {
        TensorNorm norm = Named(name);
        Tensor g = Random(3, ShapeFor(name)).Cast(DType.F32);
        float[] map = norm.Dualize(g, PolarAccuracy.Exact).ToArray<float>();
        float size = norm.Of(g).ToScalar<float>();
        foreach (double scale in (double[])[1e-30, 1e30])
        {
            float[] scaled = norm.Dualize(g * scale, PolarAccuracy.Exact).ToArray<float>();
            for (int i = 0; i < map.Length; i++) Assert.Equal(map[i], scaled[i], 2e-5);
            Assert.Equal(size, norm.Of(g * scale).ToScalar<float>() / (float)scale, 1e-5 * size);
        }
        Tensor zero = g * 0;
        Assert.All(norm.Dualize(zero, PolarAccuracy.Exact).ToArray<float>(), v => Assert.Equal(0, v));
        Assert.Equal(0, norm.Of(zero).ToScalar<float>());
        Assert.Equal(0, norm.DualNorm(zero).ToScalar<float>());
        Shape empty = g.Shape.With(g.Rank - 1, 0);
        Assert.Equal(empty, norm.Dualize(Tensor.Zeros(empty)).Shape);
        Assert.Equal(0, norm.Of(Tensor.Zeros(empty)).ToScalar<float>());
    }

    [Fact]
    public void LinesThatAreZeroStayZero()
    {
        Tensor g = Tensor.Of(new[,] { { 3.0, 0 }, { 4, 0 } });
        Given.Near([0.6, 0, 0.8, 0], MatrixNorms.L1ToL2.Dualize(g));
        Given.Near([0.6 * Math.Sqrt(2), 0, 0.8 * Math.Sqrt(2), 0], MatrixNorms.L1ToRms.Dualize(g));
        Given.Near([1, 0, 1, 0], MatrixNorms.L2ToLinf.Dualize(g));
        Given.Near([0.6, 0, 0.8, 0], MatrixNorms.Spectral.Dualize(g, PolarAccuracy.Exact));
    }

    [Fact]
    public void LeadingAxesTakeTheLargest()
    {
        Tensor g = Random(4, [2, 3, 4]);
        foreach ((string name, TensorNorm norm, _, _) in Dictionary)
        {
            Tensor[] each = [g[0], g[1]];
            Assert.Equal(each.Max(m => norm.Of(m).ToScalar<double>()), norm.Of(g).ToScalar<double>(), 1e-13);
            Assert.Equal(each.Sum(m => norm.DualNorm(m).ToScalar<double>()), norm.DualNorm(g).ToScalar<double>(), 1e-12);
            Given.Near([.. each.SelectMany(m => norm.Dualize(m, PolarAccuracy.Exact).ToArray<double>())], norm.Dualize(g, PolarAccuracy.Exact));
        }
    }

    [Fact]
    public void PreconditionedA1TheMapIsTheBestOfUnitUpdates()
    {
        Tensor left = Random(11, [3, 3]) + Ops.Eye(3, dtype: DType.F64) * 3, right = Random(12, [4, 4]) + Ops.Eye(4, dtype: DType.F64) * 3, d = Ops.Exp(Random(13, [3, 4]));
        Preconditioner[] all =
        [
            Preconditioner.Diagonal(d), Preconditioner.Sides(left, right), Preconditioner.Sides(left, null), Preconditioner.Sides(null, right),
        ];
        foreach (Preconditioner by in all)
        {
            foreach (TensorNorm inner in (TensorNorm[])[MatrixNorms.Spectral, MatrixNorms.Frobenius, VectorNorms.MaxEntry])
            {
                TensorNorm norm = inner.Preconditioned(by);
                Tensor g = Random(14, [3, 4]), best = norm.Dualize(g, PolarAccuracy.Exact);
                double dual = norm.DualNorm(g).ToScalar<double>();
                Assert.Equal(1, norm.Of(best).ToScalar<double>(), 1e-8);
                Assert.Equal(dual, Dot(g, best), 1e-8);
                for (int i = 0; i < 200; i++)
                {
                    Tensor other = best + Random(200 + i, [3, 4]) * 0.05;
                    Assert.InRange(Dot(g, other / norm.Of(other)), double.NegativeInfinity, dual * (1 + 1e-12));
                }
            }
        }
        // By hand: L X R with L = diag(2, 1), R = 1: the row that L stretches must be half as long.
        Tensor halved = VectorNorms.MaxEntry.Preconditioned(Preconditioner.Sides(Tensor.Of(new[,] { { 2.0, 0 }, { 0, 1 } }), null)).Dualize(Tensor.Of(new[,] { { 3.0, -1 }, { 5, 2 } }));
        Given.Near([0.5, -0.5, 1, 1], halved);
    }

    [Fact]
    public void ProjectionSetsWeightsToNormOne()
    {
        Tensor w = Random(21, [4, 3]);
        Given.Near(MatrixNorms.RmsToRms.Dualize(w, PolarAccuracy.Exact).ToArray<double>(), MatrixNorms.RmsToRms.Project(w));
        Assert.Equal([0.5, -1, 1], VectorNorms.MaxEntry.Project(Tensor.Of([0.5, -3, 2])).ToArray<double>());
        Assert.Equal([0.5, -0.25], VectorNorms.Rms.Project(Tensor.Of([0.5, -0.25])).ToArray<double>());
        Given.Near([Math.Sqrt(2) * 0.6, Math.Sqrt(2) * -0.8], VectorNorms.Rms.Project(Tensor.Of([6.0, -8])));
    }

    [Fact]
    public void HalfWidthTensorsAreMeasuredInSingle()
    {
        Tensor g = Random(9, [3, 4]).Cast(DType.BF16);
        Assert.Equal(DType.F32, MatrixNorms.Spectral.Of(g).DType);
        Assert.Equal(DType.BF16, MatrixNorms.Spectral.Dualize(g).DType);
        Assert.Equal(MatrixNorms.Spectral.Dualize(g.Cast(DType.F32)).Cast(DType.BF16).Cast(DType.F32).ToArray<float>(), MatrixNorms.Spectral.Dualize(g).Cast(DType.F32).ToArray<float>());
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Assert.Equal(
            "norm: the norm is one of tensors with at least 2 axes, got [3]. Take one of VectorNorms.",
            Given.Message<ShapeException>(() => MatrixNorms.Spectral.Of(Tensor.Of([1.0, 2, 3]))));
        Assert.Equal(
            "dualize: takes a floating type, got i32. Cast first: x.Cast(DType.F32).",
            Given.Message<DTypeException>(() => VectorNorms.Rms.Dualize(Tensor.Of([1, 2]))));
        Assert.Equal("schatten: p must be above 1, got 1. The nuclear norm, p = 1, has no single duality map.", Given.Message<ArgumentException>(() => MatrixNorms.Schatten(1)));
        Assert.Equal("norm: the factor must be finite and positive, got 0.", Given.Message<ArgumentException>(() => VectorNorms.Rms.Scale(0)));
    }

    private static TensorNorm Named(string name) => Dictionary.Select(d => (d.Name, d.Norm)).Concat(Others).Single(n => n.Name == name).Norm;

    private static Shape ShapeFor(string name) => name is "taps" or "flattened" ? [4, 3, 2, 2] : name == "blocks" ? [6, 4] : [3, 4];

    private static Tensor Random(int seed, Shape shape) => Ops.RandomNormal(RandomKey.FromSeed(seed), shape, DType.F64);

    private static double Dot(Tensor a, Tensor b) => Ops.Sum(a * b).ToScalar<double>();

    private static double[,] Matrix(Tensor x)
    {
        double[] flat = x.ToArray<double>();
        double[,] result = new double[x.Shape[0], x.Shape[1]];
        for (int i = 0; i < flat.Length; i++) result[i / x.Shape[1], i % x.Shape[1]] = flat[i];
        return result;
    }

    private static IEnumerable<double> Entries(double[,] w) => w.Cast<double>();

    private static IEnumerable<double[]> Rows(double[,] w) => Enumerable.Range(0, w.GetLength(0)).Select(i => Enumerable.Range(0, w.GetLength(1)).Select(j => w[i, j]).ToArray());

    private static IEnumerable<double[]> Columns(double[,] w) => Enumerable.Range(0, w.GetLength(1)).Select(j => Enumerable.Range(0, w.GetLength(0)).Select(i => w[i, j]).ToArray());

    private static double Length(IEnumerable<double> v) => Math.Sqrt(v.Sum(x => x * x));

    private static double PNorm(IEnumerable<double> v, double p) => Math.Pow(v.Sum(x => Math.Pow(x, p)), 1 / p);

    /// <summary>Singular values as the lengths of columns that plane rotations have made orthogonal (one-sided Jacobi).</summary>
    private static double[] Singular(double[,] w)
    {
        double[][] columns = [.. (w.GetLength(0) < w.GetLength(1) ? Rows(w) : Columns(w))];
        for (int sweep = 0; sweep < 40; sweep++)
        {
            for (int p = 0; p < columns.Length; p++)
            {
                for (int q = p + 1; q < columns.Length; q++)
                {
                    double[] a = columns[p], b = columns[q];
                    double angle = 0.5 * Math.Atan2(2 * a.Zip(b, (x, y) => x * y).Sum(), a.Sum(x => x * x) - b.Sum(x => x * x)), c = Math.Cos(angle), s = Math.Sin(angle);
                    (columns[p], columns[q]) = ([.. a.Zip(b, (x, y) => (c * x) + (s * y))], [.. a.Zip(b, (x, y) => (c * y) - (s * x))]);
                }
            }
        }
        return [.. columns.Select(c => Length(c))];
    }
}
