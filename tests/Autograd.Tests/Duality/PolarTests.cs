using System.Text.Json;
using Engine.Autograd.Duality;
using Engine.Autograd.Tests.Layers;
using Engine.Tensors;
using Engine.Tensors.Cpu;
using Engine.Testing;

namespace Engine.Autograd.Tests.Duality;

/// <summary>Polar factors by the bars set for them, against factors computed elsewhere, and at the edges of what they take.</summary>
public sealed class PolarTests
{
    private static readonly JsonElement Answers = Fixture.Read("polar.json");

    public static TheoryData<PolarAccuracy> Accuracies => [.. Enum.GetValues<PolarAccuracy>()];

    [Fact]
    public void B1B3AndB6FactorsAreCloseAndDescend()
    {
        foreach ((string name, Tensor exact, double bound) in ((string, Tensor, double)[])
        [
            ("gauss 256x1024", Matrices.Gauss(1, 256, 1024), 2e-3),
            ("gauss 256x256", Matrices.Gauss(2, 256, 256), 3e-2),
            ("log spectrum", Matrices.Build(3, 256, 512, Matrices.Logarithmic(256, 1e3)).Matrix, 3e-2),
            ("1/j spectrum", Matrices.Build(5, 256, 256, [.. Enumerable.Range(1, 256).Select(j => 1.0 / j)]).Matrix, 3e-2),
        ])
        {
            Tensor g = exact.Cast(DType.F32), o = Polar.Factor(g), fast = Polar.Factor(g, PolarAccuracy.Fast), polar = Matrices.Exact(g);
            double error = Matrices.Rms(o.Cast(DType.F64) - polar), rough = Matrices.Rms(fast.Cast(DType.F64) - polar);
            Assert.True(error <= bound, $"B1 {name}: {error}");
            Assert.True(rough <= 5e-2, $"B6 {name}: {rough}");
            if (!name.StartsWith("gauss", StringComparison.Ordinal)) continue;
            double descent = Ops.Sum(g.Cast(DType.F64) * o.Cast(DType.F64)).ToScalar<double>() / Ops.NuclearNorm(g.Cast(DType.F64)).ToScalar<double>();
            Assert.True(descent >= 0.999, $"B3 {name}: {descent}");
            Assert.True(Matrices.Spectral(o) <= 1.002, $"B3 {name}: {Matrices.Spectral(o)}");
        }
    }

    // What is timed is in perf; the operations counted in n^3: whole products 4 a + 2 a step, half ones 3 a + 1, the Gram form of five steps with one restart 6 a + 14, a Halley step 3 a + 1/3.
    [Theory]
    [InlineData(256, 1, 20)]
    [InlineData(256, 2, 26)]
    [InlineData(512, 4, 38)]
    [InlineData(256, 4, 38)]
    public void B4AndB6OperationsOfTheForms(int n, int aspect, int five)
    {
        double cube = Math.Pow(n, 3);
        Assert.Equal(five, PolynomialIteration.Flops(n, n * aspect, 5) / cube, 1e-12);
        if (aspect == 4) Assert.InRange(five / (5 * ((4.0 * aspect) + 2)), 0, 0.6);
        double two = Polar.Flops([n, n * aspect], PolarAccuracy.Fast)!.Value / cube;
        Assert.Equal(2 * ((3 * aspect) + (1 / 3.0)), two, 1e-12);
        Assert.InRange(two / (5 * ((3.0 * aspect) + 1)), 0, 0.5);
    }

    [Fact]
    public void B2HighIsOrthogonalUpToConditionAThousand()
    {
        foreach ((int m, int n) in ((int, int)[])[(100, 100), (60, 200), (200, 60)])
        {
            (Tensor g, Tensor polar) = Matrices.Build(m, m, n, Matrices.Logarithmic(Math.Min(m, n), 1e3));
            Tensor o = Polar.Factor(g, PolarAccuracy.High), single = Polar.Factor(g.Cast(DType.F32), PolarAccuracy.High);
            Assert.InRange(Matrices.Skewness(o), 0, 1e-12);
            Assert.InRange(Matrices.Skewness(single), 0, 1e-5);
            Assert.InRange(Matrices.Rms(o - polar), 0, 1e-12);
            Assert.InRange(Matrices.Rms(single.Cast(DType.F64) - Matrices.Exact(g.Cast(DType.F32))), 0, 1e-4);
        }
    }

    [Fact]
    public void ExactFactorsComputedElsewhere()
    {
        foreach (JsonElement item in Answers.GetProperty("polar").EnumerateArray())
        {
            Tensor g = Fixture.Tensor(item.GetProperty("G"));
            double tolerance = item.TryGetProperty("abs_tol", out JsonElement given) ? given.GetDouble() : 1e-12;
            double[] expected = Fixture.Tensor(item.GetProperty("polar")).ToArray<double>();
            Given.Near(expected, Polar.Factor(g, PolarAccuracy.Exact), tolerance);
            if (!item.TryGetProperty("singular_values", out JsonElement values)) continue;
            double least = values.EnumerateArray().Min(v => v.GetDouble()) / values.EnumerateArray().Max(v => v.GetDouble());
            if (least > 1e-3) Given.Near(expected, Polar.Factor(g, PolarAccuracy.High), 10 * tolerance);
        }
    }

    [Fact]
    public void IteratesOfNamedSchedules()
    {
        var express = new PolarSchedule("speedrun",
            [.. Answers.GetProperty("schedules").GetProperty("items").EnumerateArray().Single(i => i.GetProperty("name").GetString() == "nanogpt_polar_express_5_safety1.02")
                .GetProperty("coefficients").EnumerateArray().Select(c => new PolarStep(c[0].GetDouble(), c[1].GetDouble(), c[2].GetDouble())).ToArray()]);
        foreach (JsonElement item in Answers.GetProperty("iterates_f64").GetProperty("items").EnumerateArray())
        {
            Tensor g = Fixture.Tensor(item.GetProperty("G"));
            foreach ((string name, PolarSchedule schedule, PolarPrescale prescale) in ((string, PolarSchedule, PolarPrescale)[])
            [
                ("muon_keller_5", PolarSchedule.Jordan, PolarPrescale.Frobenius() with { Offset = 1e-7 }),
                ("jiacheng_6", PolarSchedule.Jiacheng, PolarPrescale.Frobenius()),
                ("polar_express_5", express, PolarPrescale.Frobenius() with { Factor = 1.02, Offset = 1e-6 }),
                ("taylor_20", PolarSchedule.Quintic(20), PolarPrescale.Frobenius()),
            ])
            {
                double[] expected = Fixture.Tensor(item.GetProperty(name)).ToArray<double>();
                Given.Near(expected, Polar.Apply(g, schedule, prescale));
                Given.Near(expected, Polar.Apply(g.Cast(DType.F32), schedule, prescale).Cast(DType.F64), 1e-4);
                // Muon's guard is a floor: the same for all but the smallest matrices.
                if (name == "muon_keller_5") Given.Near(expected, Polar.Apply(g, schedule, PolarPrescale.Frobenius(1e-7)), 1e-7);
            }
        }
    }

    [Fact]
    public void SymmetricProductsOfAStep()
    {
        JsonElement answers = Answers.GetProperty("symmetric_kernels"), even = answers.GetProperty("bA_plus_cAA");
        Tensor x = Fixture.Tensor(answers.GetProperty("X")), gram = x.MatMul(x.T);
        Given.Near(Fixture.Tensor(answers.GetProperty("XXT")).ToArray<double>(), gram);
        Tensor value = (gram * even.GetProperty("b").GetDouble()) + (Ops.SymmetricMatMul(gram, gram) * even.GetProperty("c").GetDouble());
        Given.Near(Fixture.Tensor(even.GetProperty("value")).ToArray<double>(), value);
        Assert.Equal(value.ToArray<double>(), value.T.ToArray<double>());
    }

    [Fact]
    public void PrescalesDivideByWhatTheySay()
    {
        var nothing = new PolarSchedule("nothing", new PolarStep(1, 0));
        Tensor g = Tensor.Of(new[,] { { 3.0, 0 }, { 0, 4 } });
        Given.Near([3, 0, 0, 4], Polar.Apply(g, nothing, PolarPrescale.None));
        Given.Near([0.6, 0, 0, 0.8], Polar.Apply(g, nothing, PolarPrescale.Frobenius(1e-7)));
        Given.Near([0.3, 0, 0, 0.4], Polar.Apply(g, nothing, PolarPrescale.Frobenius(10)));
        double norm = Math.Pow(81 + 256, 0.25);
        Given.Near([3 / norm, 0, 0, 4 / norm], Polar.Apply(g, nothing));
        Given.Near([3 / ((2 * norm) + 1), 0, 0, 4 / ((2 * norm) + 1)], Polar.Apply(g, nothing, PolarPrescale.Schatten4 with { Factor = 2, Offset = 1 }));
        Given.Near([3e-20, 0, 0, 4e-20], Polar.Apply(g * 1e-27, nothing, PolarPrescale.Frobenius(1e-7)), 1e-33);
        // Rows of the wide form: sums over rows of x x^T are 10 + 5 and 5 + 5.
        Tensor rows = Tensor.Of(new[,] { { 3.0, 1, 0 }, { 1, 2, 0 } });
        double[] divided = [3 / Math.Sqrt(15), 1 / Math.Sqrt(15), 0, 1 / Math.Sqrt(10), 2 / Math.Sqrt(10), 0];
        Given.Near(divided, Polar.Apply(rows, nothing, PolarPrescale.AlmostOrthogonal));
        Given.Near(divided, Polar.Apply(rows.T * 1e9, nothing, PolarPrescale.AlmostOrthogonal).T);
        Given.Near([0, 0, 0.5, 0.5], Polar.Apply(Tensor.Of(new[,] { { 0.0, 0 }, { 2, 2 } }) / Math.Sqrt(2), nothing, PolarPrescale.AlmostOrthogonal) / Math.Sqrt(2));
    }

    // Sooner orthogonal, but near the factor of another matrix.
    [Fact]
    public void AlmostOrthogonalRowsAreFewerStepsAndAnotherDirection()
    {
        foreach (int seed in (int[])[1, 2, 3])
        {
            Tensor g = Matrices.Gauss(seed, 24, 96), polar = Polar.Factor(g, PolarAccuracy.Exact), one = Ops.Eye(24, dtype: DType.F64);
            Assert.InRange(Matrices.Spectral(Polar.Apply(g, new PolarSchedule("nothing", new PolarStep(1, 0)), PolarPrescale.AlmostOrthogonal)), 0.5, 1);
            Tensor plain = Polar.Apply(g, PolarSchedule.Quintic(6)), rows = Polar.Apply(g, PolarSchedule.Quintic(6), PolarPrescale.AlmostOrthogonal);
            Assert.True(Matrices.Spectral(rows.MatMul(rows.T) - one) < Matrices.Spectral(plain.MatMul(plain.T) - one));
            Assert.InRange(Matrices.Spectral(Polar.Apply(g, PolarSchedule.Quintic(30), PolarPrescale.AlmostOrthogonal) - polar), 1e-3, 0.3);
        }
    }

    [Theory, MemberData(nameof(Accuracies))]
    public void ScaleChangesNoBit(PolarAccuracy accuracy)
    {
        Tensor g = Matrices.Gauss(1, 5, 8), single = g.Cast(DType.F32);
        double[] expected = Polar.Factor(g, accuracy).ToArray<double>();
        float[] narrow = Polar.Factor(single, accuracy).ToArray<float>();
        foreach (int power in (int[])[-100, -60, 60, 100])
        {
            Assert.Equal(expected, Polar.Factor(g * Math.ScaleB(1, 10 * power), accuracy).ToArray<double>());
            Assert.Equal(narrow, Polar.Factor(single * Math.ScaleB(1, power), accuracy).ToArray<float>());
        }
        Given.Near(expected, Polar.Factor(g * 1e300, accuracy), 1e-11);
        Given.Near(expected, Polar.Factor(g * 1e-300, accuracy), 1e-11);
    }

    [Theory, MemberData(nameof(Accuracies))]
    public void EdgesOfWhatItTakes(PolarAccuracy accuracy)
    {
        Assert.All(Polar.Factor(Tensor.Zeros([3, 4]), accuracy).ToArray<float>(), v => Assert.Equal(0, v));
        Given.Near([1, -1], Polar.Factor(Tensor.Of([5.0, -1e-9], [2, 1, 1]), accuracy), 0.04);
        Given.Near([0.6, 0.8], Polar.Factor(Tensor.Of([3.0, 4], [2, 1]), accuracy), 0.04);
        foreach (int[] shape in (int[][])[[0, 3], [3, 0], [0, 0], [2, 0, 4], [0, 3, 4]]) Assert.Equal(Shape.Create(shape), Polar.Factor(Tensor.Zeros(Shape.Create(shape)), accuracy).Shape);
        // One matrix of a batch is not finite: the others do not mind.
        Tensor g = Matrices.Gauss(4, 3, 4, 6);
        double[] values = g.ToArray<double>(), clean = Polar.Factor(g, accuracy).ToArray<double>();
        foreach (double bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
        {
            values[30] = bad;
            double[] result = Polar.Factor(Tensor.Of(values, g.Shape), accuracy).ToArray<double>();
            Assert.Equal(clean[..24], result[..24]);
            Assert.All(result[24..48], v => Assert.True(double.IsNaN(v)));
            Assert.Equal(clean[48..], result[48..]);
        }
        foreach (DType half in (DType[])[DType.F16, DType.BF16])
        {
            Tensor x = Matrices.Gauss(5, 4, 7).Cast(half);
            Assert.Equal(Polar.Factor(x.Cast(DType.F32), accuracy).Cast(half).Cast(DType.F32).ToArray<float>(), Polar.Factor(x, accuracy).Cast(DType.F32).ToArray<float>());
            Assert.Equal(half, Polar.Factor(x, accuracy).DType);
        }
        Assert.Equal("polar: takes matrices [..., m, n], got [3]. Add the axes that are missing: x.Reshape(m, n).", Given.Message<ShapeException>(() => Polar.Factor(Tensor.Zeros([3]), accuracy)));
        Assert.Equal(
            "polar: takes floating matrices, got i64. Cast them: x.Cast(DType.F32).", Given.Message<DTypeException>(() => Polar.Factor(Tensor.Zeros([3, 3], DType.I64), accuracy)));
    }

    [Fact]
    public void WithoutFullRank()
    {
        foreach ((int m, int n) in ((int, int)[])[(6, 9), (9, 6), (7, 7)])
        {
            (Tensor g, Tensor polar) = Matrices.Build(m, m, n, [3, 1, 0.5, 0, 0, 0]);
            Given.Near(polar.ToArray<double>(), Polar.Factor(g, PolarAccuracy.Exact), 1e-13);
            // What is rounding in g stays small where the steps are few, but not of no account.
            Given.Near(polar.ToArray<double>(), Polar.Factor(g), 1e-5);
            Given.Near(polar.ToArray<double>(), Polar.Factor(g, PolarAccuracy.High), 1e-9);
        }
    }

    // Their one singular value is their norm: rounding takes it above 1, where polynomials made for less rise steeply.
    [Theory, MemberData(nameof(Accuracies))]
    public void OfRankOne(PolarAccuracy accuracy)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Tensor column = Matrices.Gauss(seed, 1 + (seed % 5), 1), row = Matrices.Gauss(seed + 100, 1, 1 + (seed % 7));
            double[] expected = (column.MatMul(row) / (Matrices.Spectral(column) * Matrices.Spectral(row))).ToArray<double>();
            Given.Near(expected, Polar.Factor(column.MatMul(row), accuracy), accuracy == PolarAccuracy.Fast ? 0.04 : 1e-6);
            // Rounded to f32, a matrix has other singular values of some 1e-7, which the steps multiply by up to 1e4.
            bool vector = column.Count == 1 || row.Count == 1;
            Given.Near(
                expected, Polar.Factor(column.MatMul(row).Cast(DType.F32), accuracy).Cast(DType.F64), accuracy == PolarAccuracy.Fast ? 0.04 : vector ? 1e-5 : 2e-3);
        }
    }

    [Theory, MemberData(nameof(Accuracies))]
    public void TheTransposeAndRotationsGoThrough(PolarAccuracy accuracy)
    {
        Tensor g = Matrices.Gauss(1, 5, 8), square = Matrices.Gauss(2, 6, 6);
        Assert.Equal(Polar.Factor(g, accuracy).T.ToArray<double>(), Polar.Factor(g.T, accuracy).ToArray<double>());
        Given.Near(Polar.Factor(square, accuracy).T.ToArray<double>(), Polar.Factor(square.T, accuracy), 1e-11);
        Tensor left = Ops.Qr(Matrices.Gauss(3, 5, 5)).Q, right = Ops.Qr(Matrices.Gauss(4, 8, 8)).Q;
        Given.Near(left.MatMul(Polar.Factor(g, accuracy)).MatMul(right).ToArray<double>(), Polar.Factor(left.MatMul(g).MatMul(right), accuracy), 1e-11);
    }

    [Theory, MemberData(nameof(Accuracies))]
    public void ABatchIsItsMatricesBitForBit(PolarAccuracy accuracy)
    {
        foreach (int[] shape in (int[][])[[3, 5, 8], [4, 9, 4], [3, 1, 6], [2, 40, 70]])
        {
            Tensor g = Matrices.Gauss(1, shape).Cast(DType.F32);
            float[] expected = [.. Enumerable.Range(0, shape[0]).SelectMany(i => Polar.Factor(g[i], accuracy).ToArray<float>())];
            Assert.Equal(expected, Polar.Factor(g, accuracy).ToArray<float>());
            Assert.Equal(expected, Transform.Vmap(x => Polar.Factor(x, accuracy))(g).ToArray<float>());
            Assert.Equal(expected, Function.Compile((Tensor x) => Polar.Factor(x, accuracy)).Invoke(g).ToArray<float>());
        }
    }

    // A large batch goes through the steps a few matrices at a time, with some left over.
    [Fact]
    public void PartsOfALargeBatchChangeNoBit()
    {
        Tensor g = Matrices.Gauss(1, 5, 9, 48, 128).Cast(DType.F32), broken = Ops.Where(Ops.Iota(45, DType.I64).Reshape(5, 9, 1, 1).EqualTo(7), g.Like(double.NaN), g);
        foreach (Func<Tensor, Tensor> factor in (Func<Tensor, Tensor>[])[x => Polar.Factor(x), x => Polar.Apply(x, PolarSchedule.Jordan, PolarPrescale.Frobenius(1e-7))])
        {
            float[] expected = [.. Enumerable.Range(0, 45).SelectMany(i => factor(broken[i / 9, i % 9]).ToArray<float>())];
            Assert.Equal(48 * 128, expected.Count(float.IsNaN));
            Assert.Equal(expected, factor(broken).ToArray<float>());
            Assert.Equal(expected, factor(broken.T).T.ToArray<float>());
            Assert.Equal(expected, factor(broken.To(new CpuDevice(1))).ToArray<float>());
            Assert.Equal(expected, Function.Compile(factor).Invoke(broken).ToArray<float>());
        }
    }

    [Fact]
    public void PartsOfALargeBatchHaveTheirDerivatives()
    {
        Tensor g = Matrices.Gauss(1, 45, 48, 64), along = Matrices.Gauss(2, 45, 48, 64);
        Tensor back = Transform.Vjp(x => Polar.Factor(x), g, along).Cotangent, ahead = Transform.Jvp(x => Polar.Factor(x), g, along).Tangent;
        foreach (int i in (int[])[0, 20, 21, 44])
        {
            Given.Near(Transform.Vjp(x => Polar.Factor(x), g[i], along[i]).Cotangent.ToArray<double>(), back[i], 1e-12);
            Given.Near(Transform.Jvp(x => Polar.Factor(x), g[i], along[i]).Tangent.ToArray<double>(), ahead[i], 1e-12);
        }
    }

    [Fact]
    public void ThreadsChangeNoBit()
    {
        foreach (PolarAccuracy accuracy in Enum.GetValues<PolarAccuracy>())
        {
            Tensor g = Matrices.Gauss(1, 130, 300).Cast(DType.F32);
            float[][] results = [.. ((int[])[1, 2, 3]).Select(threads => Polar.Factor(Tensor.Of(g.ToArray<float>(), g.Shape, new CpuDevice(threads)), accuracy).ToArray<float>())];
            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[0], results[2]);
        }
    }

    [Fact]
    public void TheGramFormIsThePlainForm()
    {
        static double apart(Tensor g, PolarSchedule schedule) => Matrices.Rms(
            Polar.Apply(g, schedule, null, PolynomialForm.Gram).Cast(DType.F64) - Polar.Apply(g, schedule, null, PolynomialForm.Plain).Cast(DType.F64));
        PolarSchedule five = PolarSchedule.Minimax(1e-3, 5), eight = PolarSchedule.Minimax(1e-3, 8);
        Tensor wide = Matrices.Gauss(1, 128, 2048), square = Matrices.Gauss(2, 256, 256), ill = Matrices.Build(3, 128, 256, Matrices.Logarithmic(128, 1e6)).Matrix;
        foreach (PolarSchedule schedule in (PolarSchedule[])[five, eight, PolarSchedule.Jordan, PolarSchedule.Cubic(7), PolarSchedule.Minimax(1e-3, 13), PolarSchedule.Quintic(1)])
            Assert.InRange(apart(wide, schedule), 0, 3e-13);
        // Five minimax steps are still steep at the singular values of these, and multiply rounding in either form.
        Assert.InRange(apart(wide.Cast(DType.F32), PolarSchedule.Jordan), 0, 5e-6);
        Assert.InRange(apart(square.Cast(DType.F32), five), 0, 1.5e-4);
        Assert.InRange(apart(ill.Cast(DType.F32), eight), 0, 1.9e-4);
    }

    [Fact]
    public void CompiledStepsAllocateNothing()
    {
        foreach (Func<Tensor, Tensor> factor in (Func<Tensor, Tensor>[])
            [x => Polar.Factor(x, PolarAccuracy.Fast), x => Polar.Factor(x), x => Polar.Factor(x, PolarAccuracy.High), x => Polar.Apply(x, PolarSchedule.Jordan, PolarPrescale.Frobenius(1e-7))])
        {
            Tensor g = Matrices.Gauss(1, 2, 40, 90).Cast(DType.F32);
            using var step = Function.CompileStep(g, (Tensor state, Tensor x) => (state - (factor(x) * 0.1), Ops.Sum(state)));
            step.Run(g);
            for (int i = 0; i < 10; i++) step.Run();
            Assert.Equal(0, Allocations.Of(10, () => step.Run()));
        }
    }
}
