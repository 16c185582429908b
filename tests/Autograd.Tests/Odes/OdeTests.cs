using Engine.Tensors;
using Engine.Testing;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Dynamics;

/// <summary>Initial value problems: closed forms, orders, reversal, derivatives of both kinds, batches, plans, failure.</summary>
public sealed class OdeTests
{
    private static readonly OdeOptions Fine = new() { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-12 };

    /// <summary>x' = v, v' = -x.</summary>
    private static Pair<Tensor, Tensor> Oscillator(Tensor t, Pair<Tensor, Tensor> s) => new(s.Second, -s.First);

    private static Pair<Tensor, Tensor> AtRest => new(Tensor.Ones([1], DType.F64), Tensor.Zeros([1], DType.F64));

    /// <summary>x' = a x - b x y, y' = c x y - d y, with a time-dependent part when the fifth parameter is not 0.</summary>
    private static Tensor Predators(Tensor p, Tensor t, Tensor s)
    {
        (Tensor x, Tensor y) = (s[0], s[1]);
        return Ops.Stack([(p[0] * x) - (p[1] * x * y) + (p[4] * Ops.Sin(t)), (p[2] * x * y) - (p[3] * y)], 0);
    }

    private static readonly Tensor Rates = Tensor.Of([1.5, 1.0, 1.0, 3.0, 0.2]);
    private static readonly Tensor Animals = Tensor.Of([10.0, 5]);
    private static readonly Tensor Hours = Tensor.Of([0.0, 0.4, 1.0]);

    private static Tensor Lotka(Tensor p, Tensor y0, Tensor times) => Odes.DormandPrince((t, s) => Predators(p, t, s), y0, times, Fine).States;

    [Fact]
    public void TheExponentialIsReachedAtEveryTime()
    {
        Tensor times = Tensor.Of([0.0, 0.5, 1, 3]);
        OdeSolution<Tensor> s = Odes.DormandPrince((_, y) => y, Tensor.Of([1.0, -2]), times, Fine);
        Assert.True(s.Succeeded.ToScalar<bool>());
        Close(Ops.Outer(Ops.Exp(times), Tensor.Of([1.0, -2])), s.States, 1e-10);
        Close(Ops.Outer(Ops.Exp(times), Tensor.Of([1.0, -2])), Odes.RungeKutta4((_, y) => y, Tensor.Of([1.0, -2]), times, 200), 1e-8);
        Close(Tensor.Of([3.0]), Odes.DormandPrince((_, y) => y, Tensor.Scalar(3, DType.F64), Tensor.Of([1.0])).States, 0);
    }

    [Fact]
    public void TheFourthOrderMethodHasOrderFour()
    {
        double error(int steps) => Math.Abs(Odes.RungeKutta4(Oscillator, AtRest, Tensor.Of([0.0, 2]), steps).First[1].ToArray<double>()[0] - Math.Cos(2));
        foreach (int steps in (int[])[20, 40, 80]) Assert.InRange(Math.Log2(error(steps) / error(2 * steps)), 3.8, 4.2);
    }

    [Theory]
    [InlineData(1e-3)]
    [InlineData(1e-6)]
    [InlineData(1e-9)]
    public void ErrorsAreProportionalToTheTolerance(double tolerance)
    {
        OdeSolution<Pair<Tensor, Tensor>> s = Odes.DormandPrince(Oscillator, AtRest, Tensor.Of([0.0, 20]), new() { RelativeTolerance = tolerance, AbsoluteTolerance = tolerance });
        double error = Math.Abs(s.States.First[1].ToArray<double>()[0] - Math.Cos(20));
        Assert.InRange(error, tolerance * 1e-3, tolerance * 50);
    }

    [Fact]
    public void StepsGrowLikeTheFifthRootOfTheTolerance()
    {
        long steps(double tolerance) => Odes.DormandPrince(Oscillator, AtRest, Tensor.Of([0.0, 20]), new() { RelativeTolerance = tolerance, AbsoluteTolerance = tolerance })
            .Accepted.ToScalar<long>();
        Assert.InRange(steps(1e-9) / (double)steps(1e-6), 0.7 * Math.Pow(1000, 0.2), 1.3 * Math.Pow(1000, 0.2));
    }

    [Fact]
    public void PredatorsAgreeWithManySmallSteps()
    {
        // The fixed-step method at two sizes, extrapolated: good to 1e-11.
        Tensor coarse = Odes.RungeKutta4((t, s) => Predators(Rates, t, s), Animals, Hours, 1500), fine = Odes.RungeKutta4((t, s) => Predators(Rates, t, s), Animals, Hours, 3000);
        Close(fine + ((fine - coarse) / 15), Lotka(Rates, Animals, Hours), 1e-8);
    }

    [Fact]
    public void BackAgainIsWhereItBegan()
    {
        Tensor there = Lotka(Rates, Animals, Tensor.Of([0.0, 1]))[1];
        Close(Animals, Lotka(Rates, there, Tensor.Of([1.0, 0]))[1], 1e-8);
        Close(Animals, Lotka(Rates, Animals, Tensor.Of([0.0, 1, 0]))[2], 1e-8);
    }

    [Fact]
    public void TheFixedStepMethodHasTheDerivativesOfItsNumbers()
    {
        Func<Tensor, Tensor> ofStart = y => Ops.Sin(Odes.RungeKutta4((t, s) => Predators(Rates, t, s), y, Hours, 10)).Sum();
        Func<Tensor, Tensor> ofRates = p => Ops.Sin(Odes.RungeKutta4((t, s) => Predators(p, t, s), Animals, Hours, 10)).Sum();
        Func<Tensor, Tensor> ofTimes = ts => Ops.Sin(Odes.RungeKutta4((t, s) => Predators(Rates, t, s), Animals, ts, 10)).Sum();
        Assert.InRange(GradCheck.Check(ofStart, Animals, order: 2), 0, GradCheck.Tolerance);
        Assert.InRange(GradCheck.Check(ofRates, Rates, order: 2), 0, GradCheck.Tolerance);
        Assert.InRange(GradCheck.Check(ofTimes, Hours), 0, GradCheck.Tolerance);
    }

    [Theory]
    [InlineData("start")]
    [InlineData("rates")]
    [InlineData("times")]
    public void TheAdjointAgreesWithFiniteDifferences(string which)
    {
        (Func<Tensor, Tensor> states, Tensor at) = which switch
        {
            "start" => ((Func<Tensor, Tensor>)(y => Lotka(Rates, y, Hours)), Animals),
            "rates" => (p => Lotka(p, Animals, Hours), Rates),
            _ => (ts => Lotka(Rates, Animals, ts), Hours),
        };
        Func<Tensor, Tensor> loss = x => Ops.Sin(states(x)).Sum();
        double[] values = at.ToArray<double>(), slope = Grad(loss)(at).ToArray<double>();
        Tensor direction = Ops.Sin(1 + Ops.Iota(at.Count).Cast(DType.F64));
        const double h = 1e-4;
        for (int i = 0; i < values.Length; i++)
        {
            double at1(double by) => loss(Tensor.Of([.. values.Select((v, j) => j == i ? v + by : v)])).ToScalar<double>();
            double difference = ((8 * (at1(h) - at1(-h))) - (at1(2 * h) - at1(-2 * h))) / (12 * h);
            Assert.Equal(difference, slope[i], 2e-6 * Math.Max(1, Math.Abs(difference)));
        }
        // Forward mode is the transpose of reverse mode.
        Assert.Equal((Grad(loss)(at) * direction).Sum().ToScalar<double>(), Jvp(loss, at, direction).Tangent.ToScalar<double>(), 1e-7);
        // The second order: differences of gradients, forward over reverse, reverse over reverse, reverse over forward.
        Tensor second = (Grad(loss)(at + (h * direction)) - Grad(loss)(at - (h * direction))) / (2 * h);
        Close(second, Hvp(loss, at, direction), 2e-5);
        Close(second, Grad(x => (Grad(loss)(x) * direction).Sum())(at), 2e-5);
        Close(second, Grad(x => Jvp(loss, x, direction).Tangent)(at), 2e-5);
    }

    [Fact]
    public void TheLinearEquationHasClosedDerivativesOfEveryOrder()
    {
        // y(1) = exp(a).
        Func<Tensor, Tensor> f = a => Odes.DormandPrince((_, y) => a * y, Tensor.Scalar(1, DType.F64), Tensor.Of([0.0, 1]), Fine).States[1];
        Tensor at = Tensor.Scalar(0.7, DType.F64);
        foreach (Func<Tensor, Tensor> derivative in (Func<Tensor, Tensor>[])[f, Grad(f), Grad(Grad(f)), x => Jvp(Grad(f), x, x.Like(1)).Tangent, Grad(Grad(Grad(f)))])
            Assert.Equal(Math.Exp(0.7), derivative(at).ToScalar<double>(), 1e-9);
    }

    [Fact]
    public void ASecondOrderNodeHasThePublishedGradient()
    {
        // x'' = -p0 tanh x - p1 v + p2 x v, loss (x(3) - y)^2 / 2.
        Func<Tensor, Tensor> loss = p =>
        {
            Tensor x = Odes.DormandPrince((_, s) => new Pair<Tensor, Tensor>(s.Second, (-p[0] * Ops.Tanh(s.First)) - (p[1] * s.Second) + (p[2] * s.First * s.Second)),
                new Pair<Tensor, Tensor>(Tensor.Scalar(1.2, DType.F64), Tensor.Scalar(0.5, DType.F64)), Tensor.Of([0.0, 3]), Fine).States.First[1];
            return 0.5 * Ops.Square(x + 0.3);
        };
        Close(Tensor.Of([-0.16325192, -0.53816897, 0.00530129]), Grad(loss)(Tensor.Of([2.0, 0.3, 0.4])), 1e-8);
    }

    [Fact]
    public void ABatchAndAPlanAreTheSame()
    {
        Tensor batch = Ops.Stack([Animals, Animals * 0.5, Animals + 1], 0);
        Func<Tensor, Tensor> f = y => Lotka(Rates, y, Hours)[2], slope = Grad(y => f(y).Sum());
        Close(Ops.Stack([f(batch[0]), f(batch[1]), f(batch[2])], 0), Vmap(f)(batch), 1e-12);
        Tensor rows = Ops.Stack([slope(batch[0]), slope(batch[1]), slope(batch[2])], 0);
        Close(rows, Vmap(slope)(batch), 1e-9);
        Close(rows, Grad(ys => Vmap(f)(ys).Sum())(batch), 1e-9);
        Tensor shared = Grad(p => Vmap(y => Lotka(p, y, Hours)[2])(batch).Sum())(Rates);
        Close(Grad(p => Lotka(p, batch[0], Hours)[2].Sum() + Lotka(p, batch[1], Hours)[2].Sum() + Lotka(p, batch[2], Hours)[2].Sum())(Rates), shared, 1e-8);
        Close(f(Animals), Function.Compile(f).Invoke(Animals), 1e-13);
        Close(slope(Animals), Function.Compile(slope).Invoke(Animals), 1e-12);
    }

    [Fact]
    public void TheAdjointKeepsNoSteps()
    {
        Compiled<Pair<Tensor, Tensor>, Tensor> slope = Function.Compile((Pair<Tensor, Tensor> a) =>
            Grad(p => Odes.DormandPrince((t, s) => Predators(p, t, s), Animals, a.Second, Fine).States[1].Sum())(a.First));
        long bytes(double until)
        {
            var input = new Pair<Tensor, Tensor>(Rates, Tensor.Of([0.0, until]));
            for (int i = 0; i < 5; i++) slope.Invoke(input);
            return Allocations.Of(1, () => slope.Invoke(input));
        }
        Assert.Equal(bytes(0.1), bytes(3));
    }

    [Fact]
    public void WhatIsNotReachedIsNaN()
    {
        // y' = y^2 has a pole at t = 1.
        OdeSolution<Tensor> s = Odes.DormandPrince((_, y) => y * y, Tensor.Ones([1], DType.F64), Tensor.Of([0.0, 0.5, 2]), new() { MaxSteps = 200 });
        Assert.False(s.Succeeded.ToScalar<bool>());
        double[] states = s.States.ToArray<double>();
        Assert.Equal(2, states[1], 1e-5);
        Assert.True(double.IsNaN(states[2]));
        OdeSolution<Tensor> single = Odes.DormandPrince((t, y) => -y * t, Tensor.Ones([1]), Tensor.Of([0.0f, 1]), new() { RelativeTolerance = 1e-5, AbsoluteTolerance = 1e-6 });
        Assert.Equal(MathF.Exp(-0.5f), single.States.ToArray<float>()[1], 1e-4f);
    }

    [Fact]
    public void MisuseIsExplained()
    {
        Assert.Equal("dormandPrince: the times must be a vector with at least one element, got f64[].",
            Assert.Throws<ShapeException>(() => Odes.DormandPrince((_, y) => y, Animals, Tensor.Scalar(1, DType.F64))).Message);
        Assert.Equal("rungeKutta4: leaf 0 of the state is f64[2], the function returns f64[]. It must keep the form of the state.",
            Assert.Throws<ShapeException>(() => Odes.RungeKutta4((_, y) => y.Sum(), Animals, Hours, 2)).Message);
        Assert.StartsWith("rungeKutta4: the number of steps must be positive, got 0.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Odes.RungeKutta4((_, y) => y, Animals, Hours, 0)).Message, StringComparison.Ordinal);
        Assert.StartsWith("dormandPrince: one tolerance and the number of steps must be positive, got 0, 0 and 10000.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Odes.DormandPrince((_, y) => y, Animals, Hours, new() { RelativeTolerance = 0, AbsoluteTolerance = 0 })).Message, StringComparison.Ordinal);
    }

    private static void Close(Tensor a, Tensor b, double tolerance)
    {
        Assert.Equal(a.Shape, b.Shape);
        foreach ((double x, double y) in a.ToArray<double>().Zip(b.ToArray<double>())) Assert.Equal(x, y, tolerance * Math.Max(1, Math.Abs(x)));
    }
}
