using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <summary>Every optimizer, stage and schedule against its formula, one f64 number at a time, over 50 steps; a new one without a formula fails.</summary>
public sealed partial class ReferenceTests
{
    private const int Steps = 50;

    private static readonly double[] Start = [1, -2, 0.5, 3];

    private static readonly Optimizer Descent = new DualityMap(Norm.Euclidean);

    /// <summary>From the number of the step, the gradient and the weights to the update; what it remembers is its own.</summary>
    private delegate double[] Formula(int step, double[] gradient, double[] weights);

    private static readonly Dictionary<string, (Optimizer Optimizer, Func<Formula> Formula)> Optimizers = new()
    {
        ["Sgd"] = (new Sgd(0.02, 0.9, nesterov: true), () => Each(Summed(0.9, nesterov: true), (m, _) => -0.02 * m)),
        ["Momentum"] = (new Momentum(0.6) >> Descent >> new ScaleBy(0.02), () => Each(Summed(0.6, nesterov: false), (m, _) => -0.02 * m)),
        ["Average"] = (new Average(0.7, nesterov: true) >> Descent >> new ScaleBy(0.02), () =>
        {
            double[] mean = new double[4];
            return (_, g, _) => Array.ConvertAll(Enumerable.Range(0, 4).ToArray(), i =>
            {
                mean[i] = (0.7 * mean[i]) + (0.3 * g[i]);
                return -0.02 * ((0.3 * g[i]) + (0.7 * mean[i]));
            });
        }
        ),
        // A preset of norm, mean and statistics is the stand-alone formula of Adam.
        ["Steepest"] = (
            new Steepest(VectorNorms.Euclidean, new Average(0.8, corrected: true), new DiagonalPreconditioning(SquareSum.CorrectedMean, 0.95, eps: 1e-3), normalized: false) >> new ScaleBy(0.05),
            () => Each(Moments(0.8, 0.95, 1e-3), (u, _) => -0.05 * u)),
        ["ScaleByAdam"] = (new ScaleByAdam(0.8, 0.95, 1e-3) >> new ScaleBy(0.05), () => Each(Moments(0.8, 0.95, 1e-3), (u, _) => -0.05 * u)),
        ["Adam"] = (new Adam(0.05), () => Each(Moments(0.9, 0.999, 1e-8), (u, _) => -0.05 * u)),
        ["AdamW"] = (new AdamW(0.05, weightDecay: 0.3), () => Each(Moments(0.9, 0.999, 1e-8), (u, w) => -0.05 * (u + (0.3 * w)))),
        ["ClipByGlobalNorm"] = (new ClipByGlobalNorm(2) >> Descent >> new ScaleBy(0.1), () => (_, g, _) =>
        {
            double square = 0;
            foreach (double v in g) square += v * v;
            return Array.ConvertAll(g, v => -0.1 * (square > 4 ? 2 * v / Math.Sqrt(square) : v));
        }
        ),
        ["ClipByValue"] = (new ClipByValue(0.8) >> Descent >> new ScaleBy(0.1), () => Each((_, g) => g, (v, _) => -0.1 * Math.Min(0.8, Math.Max(-0.8, v)))),
        ["WeightDecay"] = (Descent >> new WeightDecay(0.4) >> new ScaleBy(0.1), () => Each((_, g) => g, (v, w) => 0.1 * (-v - (0.4 * w)))),
        ["ScaleBy"] = (Descent >> new ScaleBy(0.03), () => Each((_, g) => g, (v, _) => -0.03 * v)),
        ["DualityMap"] = (new DualityMap(Norm.Euclidean, normalized: true) >> new ScaleBy(0.1), () => (_, g, _) =>
        {
            double square = 0;
            foreach (double v in g) square += v * v;
            return Array.ConvertAll(g, v => -0.1 * v / Math.Sqrt(square));
        }
        ),
        ["SignDescent"] = (new SignDescent(0.05, 0.6, 0.1), () => Each(Mean(0.6), (m, w) => -0.05 * (Math.Sign(m) + (0.1 * w)))),
        ["NormalizedSgd"] = (new NormalizedSgd(0.2, 0.3), () =>
        {
            Func<int, double[], double[]> mean = Mean(0.3);
            return (step, g, _) => mean(step, g) is var m ? Array.ConvertAll(m, v => -0.2 * v / Length(m)) : m;
        }
        ),
        ["Lion"] = (new Lion(0.03, 0.8, 0.95, 0.2), () =>
        {
            double[] m = new double[4];
            return (_, g, w) =>
            {
                double[] update = new double[4];
                for (int i = 0; i < 4; i++)
                {
                    update[i] = -0.03 * (Math.Sign((0.8 * m[i]) + (0.2 * g[i])) + (0.2 * w[i]));
                    m[i] = (0.95 * m[i]) + (0.05 * g[i]);
                }
                return update;
            };
        }
        ),
        ["AdaGrad"] = (new AdaGrad(0.4, 1e-3), () => Squared((v, g) => v + (g * g), (g, v, _) => -0.4 * g / (Math.Sqrt(v) + 1e-3))),
        ["RmsProp"] = (new RmsProp(0.02, 0.9, 1e-3), () => Squared((v, g) => (0.9 * v) + (0.1 * g * g), (g, v, _) => -0.02 * g / (Math.Sqrt(v) + 1e-3))),
        ["AdamSania"] = (new AdamSania(0.03, 0.8, 0.9, 0.1), () =>
        {
            Func<int, double[], double[]> mean = Mean(0.8);
            double[] v = new double[4];
            return (step, g, _) => [.. mean(step, g).Select((m, i) =>
            {
                v[i] = (0.9 * v[i]) + (0.1 * g[i] * g[i]);
                return -0.03 * m / (1 - Math.Pow(0.8, step + 1)) / ((v[i] / (1 - Math.Pow(0.9, step + 1))) + 0.1);
            })];
        }
        ),
        ["NAdam"] = (new NAdam(0.03, 0.9, 0.99, 1e-4, 0.05), () =>
        {
            double weight(int t) => 0.9 * (1 - (0.5 * Math.Pow(0.96, t * 0.05)));
            Func<int, double[], double[]> mean = Mean(0.9);
            double[] v = new double[4];
            double product = 1;
            return (step, g, _) =>
            {
                product *= weight(step + 1);
                return [.. mean(step, g).Select((m, i) =>
                {
                    v[i] = (0.99 * v[i]) + (0.01 * g[i] * g[i]);
                    double ahead = ((1 - weight(step + 1)) * g[i] / (1 - product)) + (weight(step + 2) * m / (1 - (product * weight(step + 2))));
                    return -0.03 * ahead / (Math.Sqrt(v[i] / (1 - Math.Pow(0.99, step + 1))) + 1e-4);
                })];
            };
        }
        ),
        ["TrustRatio"] = (Descent >> new TrustRatio() >> new ScaleBy(0.05), () => (_, g, w) => Trusted(0.05, Array.ConvertAll(g, v => -v), w)),
        ["Lamb"] = (new Lamb(0.04, 0.8, 0.95, 1e-3, 0.3), () =>
        {
            Func<int, double[], double[]> moments = Moments(0.8, 0.95, 1e-3);
            return (step, g, w) => Trusted(0.04, [.. moments(step, g).Select((u, i) => -u - (0.3 * w[i]))], w);
        }
        ),
        ["Prodigy"] = (new Prodigy(initial: 1e-3), () =>
        {
            double rate = 1e-3;
            return (_, g, w) =>
            {
                double way = 0, size = 0;
                for (int i = 0; i < 4; i++) (way, size) = (way + (g[i] * (Start[i] - w[i])), size + Math.Abs(g[i]));
                rate = Math.Max(rate, way / size);
                return Array.ConvertAll(g, v => -rate * Math.Sign(v));
            };
        }
        ),
        ["ProdigyAdam"] = (new ProdigyAdam(Schedule.Linear(1, 80), 0.8, 0.95, 1e-3, 0.1, 1e-3), () =>
        {
            double d = 1e-3, r = 0, kept = Math.Sqrt(0.95);
            double[] m = new double[4], v = new double[4], s = new double[4];
            return (step, g, w) =>
            {
                double rate = 1 - (step / 80.0), way = 0;
                double[] update = new double[4];
                for (int i = 0; i < 4; i++)
                {
                    way += g[i] * (Start[i] - w[i]);
                    m[i] = (0.8 * m[i]) + (0.2 * d * g[i]);
                    v[i] = (0.95 * v[i]) + (0.05 * d * d * g[i] * g[i]);
                    s[i] = (kept * s[i]) + ((1 - kept) * rate * d * d * g[i]);
                    update[i] = -rate * d * ((m[i] / (Math.Sqrt(v[i]) + (d * 1e-3))) + (0.1 * w[i]));
                }
                r = (kept * r) + ((1 - kept) * rate * d * d * way);
                d = Math.Max(d, r / s.Sum(Math.Abs));
                return update;
            };
        }
        ),
        ["Grouped"] = (
            new Grouped(new WeightGroup((name, _) => name == "0.weight", new Sgd(0.02, 0.9, nesterov: true)), new WeightGroup((_, _) => true, new AdaGrad(0.3, 1e-3))), () =>
            {
                Func<int, double[], double[]> summed = Summed(0.9, nesterov: true);
                double square = 0;
                return (step, g, _) =>
                {
                    square += g[3] * g[3];
                    return [.. summed(step, g)[..3].Select(m => -0.02 * m), -0.3 * g[3] / (Math.Sqrt(square) + 1e-3)];
                };
            }
        ),
        ["ScaleByLeaf"] = (
            Descent >> new ScaleByLeaf(name => name == "0.weight" ? 0.02 : 0.3), () => (_, g, _) => [.. g.Select((v, i) => i < 3 ? -0.02 * v : -0.3 * v)]),
        ["ProjectWeights"] = (
            Descent >> new ScaleBy(0.1) >> new ProjectWeights(w => w.Map(t => Ops.Clamp(t, -1, 0.7))), () => Each((_, g) => g, (v, w) => Math.Clamp(w - (0.1 * v), -1, 0.7) - w)),
        ["SkipNonFinite"] = (new SkipNonFinite(new Sgd(0.02, 0.9, nesterov: true)), () => Each(Summed(0.9, nesterov: true), (m, _) => -0.02 * m)),
        ["RequireFinite"] = (new RequireFinite() >> Descent >> new ScaleBy(0.03), () => Each((_, g) => g, (v, _) => -0.03 * v)),
        ["ScaleByLearningRate"] = (Descent >> new ScaleByLearningRate(Schedule.Step(0.1, 7, 0.5)), () => (step, g, _) => Array.ConvertAll(g, v => -0.1 * Math.Pow(0.5, step / 7) * v)),
    };

    private static readonly Dictionary<string, (Schedule Schedule, Func<int, double> Formula)> Schedules = new()
    {
        ["Linear"] = (Schedule.Linear(0.7, 37, 0.2), step => step >= 37 ? 0.2 : ((0.7 * (37 - step)) + (0.2 * step)) / 37),
        ["Constant"] = (Schedule.Constant(0.3), _ => 0.3),
        ["Cosine"] = (Schedule.Cosine(0.7, 37, 0.2), step => 0.2 + ((0.7 - 0.2) * (1 + Math.Cos(Math.PI * Math.Min(step, 37) / 37)) / 2)),
        ["Step"] = (Schedule.Step(0.9, 6, 0.7), step =>
        {
            double rate = 0.9;
            for (int change = 6; change <= step; change += 6) rate *= 0.7;
            return rate;
        }
        ),
        ["LinearWarmup"] = (Schedule.LinearWarmup(9, Schedule.Step(0.4, 10, 0.5)), step => step < 9 ? 0.4 * (step + 1) / 9 : 0.4 * Math.Pow(0.5, (step - 9) / 10)),
    };

    public static TheoryData<string> OptimizerNames => [.. Optimizers.Keys];

    public static TheoryData<string> ScheduleNames => [.. Schedules.Keys];

    [Theory]
    [MemberData(nameof(OptimizerNames))]
    public void OptimizersAreTheirFormulas(string name)
    {
        Formula formula = Optimizers[name].Formula();
        double[] w = [.. Start];
        List<double[]> got = Given.Run(Optimizers[name].Optimizer, Steps, Start);
        for (int step = 0; step < Steps; step++)
        {
            double[] update = formula(step, Given.Bumpy(step, w), w);
            for (int i = 0; i < w.Length; i++) w[i] += update[i];
            Given.Near(w, got[step]);
        }
    }

    [Theory]
    [MemberData(nameof(MatrixNames))]
    public void OptimizersOfMatricesAreTheirFormulas(string name)
    {
        (Optimizer optimizer, Func<Formula> made) = Matrices[name];
        Formula formula = made();
        double[] w = [.. name == nameof(OrthogonalDescent) ? Turned : Start];
        List<double[]> got = Given.Run(optimizer, Steps, new Weights(["0.weight"], [Tensor.Of(w, [2, 2])]));
        for (int step = 0; step < Steps; step++)
        {
            double[] update = formula(step, Given.Bumpy(step, w), w);
            for (int i = 0; i < w.Length; i++) w[i] += update[i];
            Given.Near(w, got[step], 1e-10);
        }
    }

    [Theory]
    [MemberData(nameof(ScheduleNames))]
    public void SchedulesAreTheirFormulas(string name)
    {
        (Schedule schedule, Func<int, double> formula) = Schedules[name];
        for (int step = 0; step < Steps; step++) Given.Near([formula(step)], [schedule.At(Tensor.Scalar(step, DType.F64)).ToScalar<double>()]);
    }

    [Fact]
    public void EveryOptimizerHasAFormula() => Assert.All(OptimizerTypes.Names, name => Assert.Contains(name, Optimizers.Keys.Concat(Matrices.Keys).Concat(MatrixFormulas.All)));

    [Fact]
    public void EveryScheduleHasAFormula() => Assert.All(OptimizerTypes.Schedules, name => Assert.Contains(name, Schedules.Keys));

    /// <summary>An update of every element by itself: what is made of its gradients, then what is made of that and its weight.</summary>
    private static Formula Each(Func<int, double[], double[]> made, Func<double, double, double> update) => (step, g, w) => [.. made(step, g).Zip(w, update)];

    private static Func<int, double[], double[]> Summed(double decay, bool nesterov)
    {
        double[] m = new double[Start.Length];
        return (_, g) =>
        {
            double[] handed = new double[g.Length];
            for (int i = 0; i < g.Length; i++)
            {
                m[i] = (decay * m[i]) + g[i];
                handed[i] = nesterov ? g[i] + (decay * m[i]) : m[i];
            }
            return handed;
        };
    }

    private static Func<int, double[], double[]> Moments(double b1, double b2, double eps)
    {
        double[] m = new double[Start.Length], v = new double[Start.Length];
        return (step, g) =>
        {
            double[] handed = new double[g.Length];
            for (int i = 0; i < g.Length; i++)
            {
                m[i] = (b1 * m[i]) + ((1 - b1) * g[i]);
                v[i] = (b2 * v[i]) + ((1 - b2) * g[i] * g[i]);
                handed[i] = m[i] / (1 - Math.Pow(b1, step + 1)) / (Math.Sqrt(v[i] / (1 - Math.Pow(b2, step + 1))) + eps);
            }
            return handed;
        };
    }
}

/// <summary>The public optimizers, stages and schedules.</summary>
internal static class OptimizerTypes
{
    /// <summary>All but the chain, which is what the others are put together with.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(Optimizer).Assembly.GetExportedTypes().Where(t => new[] { typeof(Optimizer), typeof(GradientStage), typeof(UpdateStage) }.Any(t.IsSubclassOf))
            .Where(t => !t.IsAbstract && t != typeof(Chain)).Select(t => t.Name),
    ];

    public static IReadOnlyList<string> Schedules { get; } =
        [.. typeof(Schedule).GetMethods().Where(m => m.IsStatic && !m.IsSpecialName && m.ReturnType == typeof(Schedule)).Select(m => m.Name)];
}
