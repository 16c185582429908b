using System.Text.Json;
using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Optim.Tests;

/// <summary>What Muon must do, by number of the requirement.</summary>
public sealed class MuonTests
{
    private static Weights One(Tensor w) => new(["w"], [w]);

    private static Gradient Of(Tensor g) => new(["w"], [g]);

    private static Tensor Normal(int seed, Shape shape, DType type = DType.F64) => Ops.RandomNormal(RandomKey.FromSeed(seed), shape, type);

    private static Tensor First(Optimizer optimizer, Tensor gradient)
    {
        Weights w = One(gradient * 0);
        return -optimizer.Step(Of(gradient), optimizer.Initialize(w), w).Update[0];
    }

    /// <summary>Minus the first update of a step of size 1, of the gradient alone.</summary>
    private static Tensor Direction(Tensor gradient, MuonScale scale, PolarAccuracy accuracy) =>
        First(new Muon(1, 0, nesterov: false, scale: scale, accuracy: accuracy), gradient);

    // <U, O> is the nuclear norm: no direction of spectral norm 1 goes down faster.
    [Fact]
    public void MuonA1IsSteepestDescentUnderTheSpectralNorm()
    {
        foreach (Shape shape in (Shape[])[[12, 12], [8, 20], [20, 8]])
        {
            Tensor u = Normal(shape[0], shape), o = First(new Muon(1, 0, scale: MuonScale.Modular, accuracy: PolarAccuracy.High), u) * Math.Sqrt((double)shape[1] / shape[0]);
            double nuclear = Ops.Sum(Ops.Svd(u).S).ToScalar<double>();
            Assert.Equal(1, Ops.Sum(u * o).ToScalar<double>() / nuclear, 1e-6);
            Assert.Equal(1, Ops.Max(Ops.Svd(o).S).ToScalar<double>(), 1e-6);
        }
    }

    [Fact]
    public void MuonA2TheDefaultDescendsAlmostAsFast()
    {
        foreach (Shape shape in (Shape[])[[64, 64], [64, 256]])
        {
            Tensor g = Normal(3, shape, DType.F32), o = Direction(g, MuonScale.Original, PolarAccuracy.Default);
            double share = Ops.Sum(g * o).Cast(DType.F64).ToScalar<double>() / Ops.Sum(Ops.Svd(g.Cast(DType.F64)).S).ToScalar<double>();
            Assert.InRange(share, 0.999, 1.001);
            Assert.InRange(Ops.Max(Ops.Svd(o.Cast(DType.F64)).S).ToScalar<double>(), 0.99, 1.002);
        }
    }

    [Fact]
    public void MuonA3MatchedUpdatesHaveTheRmsOfAdams()
    {
        foreach (Shape shape in (Shape[])[[64, 64], [64, 256], [256, 64]])
        {
            Tensor o = Direction(Normal(5, shape, DType.F32), MuonScale.MatchRms, PolarAccuracy.High);
            Assert.InRange(Math.Sqrt(Ops.Mean(Ops.Square(o)).ToScalar<float>()), 0.19, 0.205);
        }
    }

    // f(W) = tr((W - W*)^T A (W - W*) B) / 2 with eigenvalues from 1 to 1e-3 on both sides.
    [Fact]
    public void MuonA4SolvesABadlyConditionedRegression()
    {
        Tensor spread(int n) => Ops.Exp(Ops.Iota(n, DType.F64) * (-Math.Log(1000) / (n - 1)));
        Tensor turned(int n, int seed)
        {
            Tensor q = Ops.RandomOrthogonal(RandomKey.FromSeed(seed), n, DType.F64);
            return (q * spread(n)).MatMul(q.T);
        }
        Tensor a = turned(20, 1), b = turned(30, 2), target = Normal(3, [20, 30]);
        double best(Func<double, Optimizer> made, params double[] rates) => rates.Min(rate =>
        {
            Optimizer optimizer = made(rate);
            Weights start = One(target * 0);
            using var step = Function.CompileStep(new Pair<Weights, OptimizerState>(start, optimizer.Initialize(start)), (Pair<Weights, OptimizerState> s, Tensor _) =>
            {
                Tensor away = s.First[0] - target, pulled = a.MatMul(away).MatMul(b);
                (Update update, OptimizerState next) = optimizer.Step(Of(pulled), s.Second, s.First);
                return (new Pair<Weights, OptimizerState>(s.First + update, next), Ops.Sum(away * pulled) * 0.5);
            });
            for (int i = 0; i < 300; i++) step.Run(target[0, 0]);
            double loss = step.Metrics().ToScalar<double>();
            return double.IsFinite(loss) ? loss : double.PositiveInfinity;
        });
        double muon = best(rate => new Muon(Schedule.Linear(rate, 300), accuracy: PolarAccuracy.Exact), 0.05, 0.1, 0.2, 0.4);
        double sgd = best(rate => new Sgd(Schedule.Linear(rate, 300)), 0.5, 1, 1.5, 2);
        double adaGrad = best(rate => new AdaGrad(Schedule.Linear(rate, 300)), 0.1, 0.3, 1);
        Assert.True(muon <= 1e-3, $"Muon comes to {muon}");
        Assert.True(muon * 10 < Math.Min(sgd, adaGrad), $"Muon comes to {muon}, SGD to {sgd}, AdaGrad to {adaGrad}");
    }

    [Fact]
    public void MuonA5ScaleAndTransposeDoNotMatter()
    {
        var muon = new Muon(0.05, scale: MuonScale.MatchRms, weightDecay: 0.1, accuracy: PolarAccuracy.High);
        (Weights plain, Weights scaled, Weights turned) = (One(Normal(1, [6, 9])), One(Normal(1, [6, 9])), One(Normal(1, [6, 9]).T));
        (OptimizerState p, OptimizerState s, OptimizerState t) = (muon.Initialize(plain), muon.Initialize(scaled), muon.Initialize(turned));
        for (int i = 0; i < 20; i++)
        {
            Tensor g(Tensor w) => w + Normal(100 + i, [6, 9]);
            (Update a, p) = muon.Step(Of(g(plain[0])), p, plain);
            (Update b, s) = muon.Step(Of(g(scaled[0]) * 1000), s, scaled);
            (Update c, t) = muon.Step(Of(g(turned[0].T).T), t, turned);
            (plain, scaled, turned) = (plain + a, scaled + b, turned + c);
        }
        double size = Ops.Max(Ops.Abs(plain[0])).ToScalar<double>();
        Assert.InRange(Ops.Max(Ops.Abs(plain[0] - scaled[0])).ToScalar<double>() / size, 0, 1e-5);
        Assert.InRange(Ops.Max(Ops.Abs(plain[0] - turned[0].T)).ToScalar<double>() / size, 0, 1e-10);
    }

    // |W|_2 <= max(|W_0|_2, s / decay): each step is a mean of the weights and a matrix of that norm.
    [Fact]
    public void MuonA6DecayBoundsTheSpectralNorm()
    {
        var muon = new Muon(0.5, weightDecay: 0.1, accuracy: PolarAccuracy.Exact);
        Weights w = One(Normal(1, [8, 4]));
        double bound = Math.Max(Ops.Max(Ops.Svd(w[0]).S).ToScalar<double>(), Math.Sqrt(2) / 0.1);
        OptimizerState state = muon.Initialize(w);
        // Always the same way, so the bound is come close to.
        for (int i = 0; i < 100; i++)
        {
            (Update update, state) = muon.Step(Of(Normal(2, [8, 4])), state, w);
            w += update;
            Assert.InRange(Ops.Max(Ops.Svd(w[0]).S).ToScalar<double>(), 0, bound * (1 + 1e-12));
        }
        Assert.InRange(Ops.Max(Ops.Svd(w[0]).S).ToScalar<double>(), 0.9 * bound, bound);
    }

    // Steps of another program: five equal polynomials on matrices over their Frobenius norm.
    [Fact]
    public void FourStepsOfTheReference()
    {
        using Stream stream = typeof(MuonTests).Assembly.GetManifestResourceStream("muon.json")!;
        using var file = JsonDocument.Parse(stream);
        foreach (JsonElement run in file.RootElement.GetProperty("muon_steps").EnumerateArray())
        {
            double number(string name) => run.GetProperty(name).GetDouble();
            MuonScale scale = run.GetProperty("adjust_lr").GetString() == "original" ? MuonScale.Original : MuonScale.MatchRms;
            var muon = new Muon(
                number("lr"), number("momentum"), run.GetProperty("nesterov").GetBoolean(), number("weight_decay"), scale,
                spectral: MatrixNorms.SpectralBy(PolarSchedule.Jordan, PolarPrescale.Frobenius(1e-7)));
            foreach ((DType type, double tolerance) in ((DType, double)[])[(DType.F64, 1e-9), (DType.F32, 1e-5)])
            {
                Weights w = One(Goldens.Tensor(run.GetProperty("W0")).Cast(type));
                OptimizerState state = muon.Initialize(w);
                foreach ((JsonElement gradient, JsonElement after) in run.GetProperty("grads").EnumerateArray().Zip(run.GetProperty("W_after").EnumerateArray()))
                {
                    (Update update, state) = muon.Step(Of(Goldens.Tensor(gradient).Cast(type)), state, w);
                    w += update;
                    Given.Near(Goldens.Tensor(after).ToArray<double>(), Given.Numbers(w.Tensors), tolerance);
                }
            }
        }
    }

    [Fact]
    public void MuonA2FiveEqualStepsOvershootAsTheyDo()
    {
        Tensor g = Normal(11, [256, 256], DType.F32);
        Tensor o = First(new Muon(1, 0, spectral: MatrixNorms.SpectralBy(PolarSchedule.Jordan, PolarPrescale.Frobenius(1e-7))), g).Cast(DType.F64);
        Assert.InRange(Ops.Max(Ops.Svd(o).S).ToScalar<double>(), 1, 1.21);
        Assert.InRange(Ops.Sum(g.Cast(DType.F64) * o).ToScalar<double>() / Ops.Sum(Ops.Svd(g.Cast(DType.F64)).S).ToScalar<double>(), 0.85, 1);
    }

    [Fact]
    public void MuonA7ASteadyStateAllocatesNothing()
    {
        (_, var step) = Classifier.Train(new WeightGroups(Classifier.Net).Muon(new Muon(0.02), new AdamW(0.01)), 3);
        using (step)
        {
            for (int i = 0; i < 20; i++) step.Run();
            Assert.Equal(0, Allocations.Of(20, () => step.Run()));
        }
    }

    [Fact]
    public void DionOfFullRankIsMuonsDirectionOnceItHasTurned()
    {
        Tensor g = Normal(7, [5, 5]);
        var dion = new Dion(1, 5, 0);
        Weights w = One(g * 0);
        OptimizerState state = dion.Initialize(w);
        Update update = new(["w"], [g]);
        // The same matrix again and again: power iteration comes to its singular vectors.
        for (int i = 0; i < 400; i++) (update, state) = dion.Step(Of(g), state, w);
        Given.Near(Polar.Factor(-g, PolarAccuracy.Exact).ToArray<double>(), update[0].ToArray<double>(), 1e-6);
    }

    // What low rank leaves out stays in the momentum: the sum of what was taken and what is left is the sum of the gradients.
    [Fact]
    public void DionFeedsItsErrorBack()
    {
        var dion = new Dion(1, 2, 0.7);
        Weights w = One(Normal(1, [6, 4]) * 0);
        OptimizerState state = dion.Initialize(w);
        for (int i = 0; i < 10; i++)
        {
            Tensor g = Normal(i, [6, 4]), b = state["0.momentum.w"] + g;
            (Update update, state) = dion.Step(Of(g), state, w);
            (Tensor _, Tensor s, Tensor _) = Ops.Svd(b - state["0.momentum.w"]);
            Assert.InRange(s.ToArray<double>()[2], 0, 1e-12);
            // The step is along what was taken: P V^T has rank 2, and columns of P are orthonormal.
            Assert.Equal(1.5 * 2, Ops.Sum(Ops.Square(update[0])).ToScalar<double>(), 1e-10);
        }
    }
}
