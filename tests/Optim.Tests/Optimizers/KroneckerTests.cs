using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <summary>Preconditioning by Kronecker factors: what the papers promise.</summary>
public sealed class KroneckerTests
{
    private static Tensor Random(int seed, params int[] shape) => Ops.RandomNormal(RandomKey.FromSeed(seed), Shape.Create(shape), DType.F64);

    private static Weights One(Tensor w) => new(["w"], [w]);

    private static Gradient Of(Tensor g) => new(["w"], [g]);

    private static Tensor First(Optimizer optimizer, Tensor g) => optimizer.Step(Of(g), optimizer.Initialize(One(g)), One(g)).Update[0];

    private static double Length(Tensor x) => VectorNorms.Euclidean.Of(x).ToScalar<double>();

    private static Steepest Through(Preconditioning preconditioning) => new(VectorNorms.Euclidean, preconditioning: preconditioning, normalized: false);

    private static List<Tensor> Path(Optimizer optimizer, int steps, Tensor start, Func<int, Tensor, Tensor> gradient)
    {
        Weights w = One(start);
        OptimizerState state = optimizer.Initialize(w);
        List<Tensor> path = [];
        for (int i = 0; i < steps; i++)
        {
            (Update update, state) = optimizer.Step(Of(gradient(i, w[0])), state, w);
            w += update;
            path.Add(w[0]);
        }
        return path;
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(5, 3)]
    [InlineData(3, 6)]
    public void ShampooA1OneStepIsThePolarFactor(int m, int n)
    {
        Tensor g = Random(1, m, n), polar = Polar.Factor(g, PolarAccuracy.Exact);
        Assert.InRange(Length(First(Through(new KroneckerPreconditioning(eps: 0, ridge: 0)), g) + polar), 0, 1e-10);
        // Without memory every step is: Muon's direction, by another way.
        Optimizer forgetful = Through(new KroneckerPreconditioning(SquareSum.Mean, 0, ridge: 0));
        Tensor[] gradients = [.. Enumerable.Range(0, 4).Select(i => Random(10 + i, m, n))];
        List<Tensor> path = Path(forgetful, 4, Tensor.Zeros([m, n], DType.F64), (i, _) => gradients[i]);
        for (int i = 1; i < 4; i++) Assert.InRange(Length(path[i] - path[i - 1] + MatrixNorms.Spectral.Dualize(gradients[i], PolarAccuracy.Exact)), 0, 1e-9);
    }

    [Fact]
    public void ShampooA3GraftedUpdatesHaveTheLengthOfTheGraft()
    {
        foreach (Optimizer graft in (Optimizer[])[Grafted.Sgd, Grafted.AdaGrad(), new ScaleByAdam()])
        {
            var shampoo = new Grafted(Through(new KroneckerPreconditioning()), graft);
            Weights w = new(["a", "b"], [Tensor.Zeros([6, 4], DType.F64), Tensor.Zeros([5], DType.F64)]);
            (OptimizerState state, OptimizerState alone) = (shampoo.Initialize(w), graft.Initialize(w));
            for (int i = 0; i < 5; i++)
            {
                Gradient g = new(w.Names, [Random(i, 6, 4), Random(50 + i, 5)]);
                (Update update, state) = shampoo.Step(g, state, w);
                (Update size, alone) = graft.Step(g, alone, w);
                for (int leaf = 0; leaf < 2; leaf++)
                {
                    Assert.Equal(Length(size[leaf]), Length(update[leaf]), 1e-6 * Length(size[leaf]));
                    Assert.True((update[leaf] * g[leaf]).Sum().ToScalar<double>() < 0);
                }
            }
        }
    }

    // The rotated quadratic tr((W - W*)^T A (W - W*) B) / 2 with eigenvalues 1 to 1e-3 on both sides: condition 1e6 in all.
    [Fact]
    public void ShampooA4ARotatedQuadraticIsSolved()
    {
        const int steps = 300;
        Tensor a = Rotated(1, 20), b = Rotated(2, 30), goal = Random(3, 20, 30);
        double best(Func<double, Optimizer> make, params double[] rates) => rates.Min(rate =>
        {
            Tensor w = Path(make(rate), steps, Tensor.Zeros([20, 30], DType.F64), (_, w) => a.MatMul(w - goal).MatMul(b))[^1];
            return ((w - goal) * a.MatMul(w - goal).MatMul(b)).Sum().ToScalar<double>() / 2;
        });
        static Schedule falling(double rate) => new(step => (1 - (step / steps)) * rate);
        double shampoo = best(rate => Through(new KroneckerPreconditioning(SquareSum.Mean, 0.9)) >> new ScaleByLearningRate(falling(rate)), 0.3, 1);
        double adagrad = best(rate => Grafted.AdaGrad(1e-10) >> new ScaleByLearningRate(falling(rate)), 0.3, 1);
        Assert.InRange(shampoo, 0, 1e-8);
        Assert.InRange(adagrad, 1e-3, 10);
    }

    private static Tensor Rotated(int seed, int n)
    {
        Tensor q = Ops.Qr(Random(seed, n, n)).Q;
        return (q * Tensor.Of([.. Enumerable.Range(0, n).Select(i => Math.Pow(10, -3 * i / (n - 1.0)))], [n])).MatMul(q.T);
    }

    [Fact]
    public void ShampooA5BlocksAsLongAsTheAxesChangeNothing()
    {
        Tensor start = Random(4, 6, 5);
        Tensor bumpy(int step, Tensor w) => w * 2 + Random(100 + step, 6, 5);
        List<Tensor> whole = Path(new Shampoo(0.05), 20, start, bumpy);
        List<Tensor> blocked = Path(new Shampoo(0.05, preconditioning: new(blocks: new(Block: 6))), 20, start, bumpy);
        for (int i = 0; i < 20; i++) Assert.InRange(Length(whole[i] - blocked[i]), 0, 1e-10);
    }

    [Fact]
    public void ShampooA5StatisticsOnlyGrow()
    {
        var preconditioning = new KroneckerPreconditioning(eps: 1e-3);
        OptimizerState state = preconditioning.Initialize(One(Random(0, 4, 3)));
        Tensor before = state["0.statistics.w.0.0"];
        Assert.Equal((Ops.Eye(4, dtype: DType.F64) * 1e-3).ToArray<double>(), before.ToArray<double>());
        for (int i = 0; i < 6; i++)
        {
            (_, state) = preconditioning.Step(Of(Random(i, 4, 3)), state, One(Random(0, 4, 3)));
            Tensor after = state["0.statistics.w.0.0"];
            Assert.InRange(Ops.Min(Ops.SymmetricEigen(after - before).Values).ToScalar<double>(), -1e-13, double.PositiveInfinity);
            Assert.Equal(after.ToArray<double>(), after.T.ToArray<double>());
            before = after;
        }
    }

    // The factors of step t are a function of the statistics at step floor((t - delay) / interval) interval, bit for bit.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 0)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 3)]
    public void ShampooA5HandOverIsWhatTheDelaySays(int interval, int delay)
    {
        var preconditioning = new KroneckerPreconditioning(interval: interval, delay: delay);
        Weights w = One(Random(0, 4, 3));
        OptimizerState state = preconditioning.Initialize(w);
        List<(Tensor Left, Tensor Right)> roots = [];
        for (int t = 0; t < 10; t++)
        {
            Tensor g = Random(t, 4, 3);
            (Preconditioner?[] leaves, state) = preconditioning.Step(Of(g), state, w);
            roots.Add((InverseRoots.Of(state["0.statistics.w.0.0"], 8), InverseRoots.Of(state["0.statistics.w.0.1"], 8)));
            int from = (int)Math.Floor((t - delay) / (double)interval) * interval;
            Tensor expected = t < delay ? g : roots[from].Left[0].MatMul(g).MatMul(roots[from].Right[0]);
            Assert.Equal(expected.ToArray<double>(), leaves[0]!.ApplyDual(g).ToArray<double>());
        }
        Assert.Equal(delay > 1, state.Leaves.Names.Contains("0.pending.w.0.1"));
    }

    // The gradients of two steps out of three might as well not have been.
    [Theory]
    [InlineData(SquareSum.Sum)]
    [InlineData(SquareSum.CorrectedMean)]
    public void StatisticsTakeInEveryThirdGradient(SquareSum sum)
    {
        var third = new KroneckerPreconditioning(sum, 0.9, every: 3);
        var all = new KroneckerPreconditioning(sum, 0.9);
        Weights w = One(Random(0, 4, 3));
        (OptimizerState state, OptimizerState expected) = (third.Initialize(w), all.Initialize(w));
        for (int t = 0; t < 8; t++)
        {
            Gradient g = Of(Random(t, 4, 3));
            Tensor before = expected["0.statistics.w.0.0"];
            (Preconditioner?[] leaves, state) = third.Step(g, state, w);
            if (t % 3 == 0)
            {
                (Preconditioner?[] seen, expected) = all.Step(g, expected, w);
                Assert.Equal(seen[0]!.ApplyDual(g[0]).ToArray<double>(), leaves[0]!.ApplyDual(g[0]).ToArray<double>());
                Assert.NotEqual(before.ToArray<double>(), state["0.statistics.w.0.0"].ToArray<double>());
            }
            Assert.Equal(expected["0.statistics.w.0.0"].ToArray<double>(), state["0.statistics.w.0.0"].ToArray<double>());
            Assert.Equal(expected["0.factors.w.0.1"].ToArray<double>(), state["0.factors.w.0.1"].ToArray<double>());
        }
    }

    // Gupta, Koren and Singer, theorem 7: for losses (G, W) with gradients of rank 1, (D^2 / (2 rate) + rate) tr(L^(1/4)) tr(R^(1/4)), D the greatest distance on the way. The adversary shows
    // the singular direction in which the weights are farthest off. Steps that do not go through the roots break the bound: they never become shorter.
    [Fact]
    public void ShampooA6RegretIsBelowTheBound()
    {
        (double regret, double bound) = measure(Through(new KroneckerPreconditioning(eps: 1e-4, ridge: 0)));
        Assert.InRange(regret, 0, bound);
        (regret, bound) = measure(new DualityMap(Norm.Euclidean));
        Assert.InRange(regret, bound, double.PositiveInfinity);

        static (double Regret, double Bound) measure(Optimizer direction)
        {
            Tensor goal = Random(7, 5, 4), left = Ops.Eye(5, dtype: DType.F64) * 1e-4, right = Ops.Eye(4, dtype: DType.F64) * 1e-4;
            double farthest = Length(goal), rate = farthest / Math.Sqrt(2), regret = 0;
            Optimizer optimizer = direction >> new ScaleBy(rate);
            Weights w = One(Tensor.Zeros([5, 4], DType.F64));
            OptimizerState state = optimizer.Initialize(w);
            for (int t = 0; t < 600; t++)
            {
                (Tensor u, Tensor s, Tensor v) = Ops.Svd(w[0] - goal);
                Tensor g = u[.., ..1].MatMul(v[..1, ..]);
                (left, right) = (left + g.MatMul(g.T), right + g.T.MatMul(g));
                regret += s.ToArray<double>()[0];
                farthest = Math.Max(farthest, Length(w[0] - goal));
                (Update update, state) = optimizer.Step(Of(g), state, w);
                w += update;
            }
            double trace(Tensor statistics) => Ops.SymmetricEigen(statistics).Values.ToArray<double>().Sum(x => Math.Pow(x, 0.25));
            return (regret, ((farthest * farthest / (2 * rate)) + rate) * trace(left) * trace(right));
        }
    }

    // Reparametrised as W = A V, what S^-1 G and L^-1 polar(L^-1 G) do is the same; what S^(-1/4) G does is not.
    [Theory]
    [InlineData(1.0, false, true)]
    [InlineData(1.0, true, true)]
    [InlineData(0.25, false, false)]
    public void PreconditionedA4InvarianceUnderOneSidedMaps(double power, bool polar, bool invariant)
    {
        Optimizer make() => new Steepest(
            polar ? MatrixNorms.Spectral : VectorNorms.Euclidean,
            preconditioning: new KroneckerPreconditioning(eps: 0, power: power, ridge: 0, blocks: new(OneSided: true)), normalized: polar, accuracy: PolarAccuracy.Exact)
            >> new ScaleBy(0.1);
        Tensor q = Ops.Qr(Random(5, 4, 4)).Q, a = (q * Tensor.Of([1.0, 3, 8, 20])).MatMul(Ops.Qr(Random(6, 4, 4)).Q), start = Random(8, 4, 7), goal = Random(9, 4, 7);
        Tensor gradient(Tensor w) => w - goal + (Ops.Sin(w * 2) * 0.3);
        List<Tensor> plain = Path(make(), 20, start, (_, w) => gradient(w));
        List<Tensor> mapped = Path(make(), 20, Ops.Solve(a, start), (_, v) => a.T.MatMul(gradient(a.MatMul(v))));
        double worst = plain.Zip(mapped, (w, v) => Length(w - a.MatMul(v)) / Length(w)).Max();
        if (invariant) Assert.InRange(worst, 0, 1e-8);
        else Assert.InRange(worst, 0.1, double.PositiveInfinity);
    }

    // Without averages Adam in the eigenbases sees a diagonal matrix of singular values, whose signs make the polar factor.
    [Fact]
    public void SoapWithoutMemoryIsThePolarFactor()
    {
        Tensor g = Random(11, 4, 4), polar = Polar.Factor(g, PolarAccuracy.Exact);
        Optimizer bases = Through(new EigenbasisPreconditioning(0, 1e-10, delay: 0));
        Assert.InRange(Length(First(bases, g) + polar), 0, 1e-4);
    }

    [Fact]
    public void PreconditionedA3SPlusIsTheSignInTheBasesOfItsState()
    {
        var splus = new SPlus(1, 0, 0.9, 1);
        Weights w = One(Tensor.Zeros([4, 3], DType.F64));
        OptimizerState state = splus.Initialize(w);
        for (int i = 0; i < 4; i++)
        {
            Tensor left = state["0.1.0.factors.w.0.0"][0], right = state["0.1.0.factors.w.0.1"][0], g = Random(i, 4, 3);
            Given.Near(Ops.Eye(4, dtype: DType.F64).ToArray<double>(), left.T.MatMul(left).ToArray<double>());
            (Update update, state) = splus.Step(Of(g), state, w);
            Given.Near((-left.MatMul(Ops.Sign(left.T.MatMul(g).MatMul(right))).MatMul(right.T)).ToArray<double>(), update[0].ToArray<double>());
        }
    }

    // Repeated steps of orthogonal iteration on the same statistics find their eigenvectors.
    [Fact]
    public void BasesBecomeEigenvectors()
    {
        var bases = new EigenbasisPreconditioning(0.5, interval: 1);
        Tensor turn = Ops.Qr(Random(1, 4, 4)).Q, g = (turn * Tensor.Of([5.0, 3, 1.5, 0.5])).MatMul(Ops.Qr(Random(2, 4, 4)).Q), other = Random(3, 4, 4);
        OptimizerState state = bases.Initialize(One(g));
        (_, state) = bases.Step(Of(other), state, One(g));
        for (int i = 0; i < 60; i++) (_, state) = bases.Step(Of(g), state, One(g));
        Tensor q = state["0.factors.w.0.0"][0];
        Given.Near([25, 9, 2.25, 0.25], Ops.Diagonal(q.T.MatMul(g.MatMul(g.T)).MatMul(q)).ToArray<double>(), 1e-8);
    }

    // 2 (4^2 + 3^2) numbers for the matrix and 1000 for the vector, of 4 bytes, and a counter.
    [Fact]
    public void GoldenMemory() => Assert.Equal(
        """
        tensor                            bytes
        0.statistics.w.0.0  f32[1, 4, 4]     64
        0.statistics.w.0.1  f32[1, 3, 3]     36
        0.factors.w.0.0     f32[1, 4, 4]     64
        0.factors.w.0.1     f32[1, 3, 3]     36
        0.step              i64[]             8
        1.squares.b         f32[1000]     4,000
        total                             4,208

        """,
        new KroneckerPreconditioning().Initialize(new Weights(["w", "b"], [Tensor.Zeros([4, 3]), Tensor.Zeros([1000])])).Summary(), ignoreLineEndingDifferences: true);
}
