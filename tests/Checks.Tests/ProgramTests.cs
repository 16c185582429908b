using Engine.Autograd;
using Engine.Tensors;
using Engine.Testing;
using Engine.Testing.Programs;
using Engine.Testing.Proofs;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Random programs of up to 24 ops: any composition differentiates, compiles, batches and runs anywhere to the same result.</summary>
public sealed class ProgramTests(Tally tally) : IClassFixture<Tally>
{
    private static readonly Share[] Interesting = [new("deep", 30), new("varying", 80), new("control flow", 25)];

    [Fact]
    public void FirstDerivativesAgreeWithDifferences() => Run(
        "random programs at order 1", smooth: true, 1200, p => Derivatives(p, 1));

    [Fact]
    public void SecondDerivativesAgreeWithDifferences() => Run(
        "random programs at order 2", smooth: true, 200, p => Derivatives(p, 2));

    [Fact]
    public void ThirdDerivativesAgreeWithDifferences() => Run("random programs at order 3", smooth: true, 20, p =>
    {
        // The second derivative of the gradient along the direction of the argument.
        Func<Tensor, Tensor> gradient = Grad(x => Ops.Mean(p.Function(x)));
        foreach (DerivativeError error in GradCheck.Measure(gradient, p.Argument(), order: 2, seed: 2, fullSide: 0))
        {
            Assert.True(error.Passed, $"{error.Check} of the gradient is off by {error.Error:g3}, allowed {error.Tolerance:g3}.");
            tally.Add($"random programs at order 3, {error.Check}", 1, error.Error);
        }
    });

    [Fact]
    public void ForwardAndReverseModeAreAdjoint() => Run("random programs, adjoint", smooth: false, 1500, p =>
    {
        Tensor x = p.Argument();
        double[] v = [.. p.Values.Select((_, i) => ((i * 37) % 11 - 5) / 8.0)], w = [.. p.Values.Select((_, i) => ((i * 23) % 13 - 6) / 8.0)];
        double[] jv = Jvp(p.Function, x, Tensor.Of(v, p.Shape)).Tangent.ToArray<double>();
        double[] wj = Vjp(p.Function, x, Tensor.Of(w, p.Shape)).Cotangent.ToArray<double>();
        double left = jv.Zip(w, (a, b) => a * b).Sum(), right = wj.Zip(v, (a, b) => a * b).Sum();
        double scale = 1 + (Math.Sqrt(jv.Sum(a => a * a)) * Math.Sqrt(w.Sum(a => a * a)));
        Assert.True(Math.Abs(left - right) <= 1e-12 * scale, $"<Jv, w> = {left}, <v, wJ> = {right}.");
    });

    [Fact]
    public void CompiledIsEagerBitForBit() => Run("random programs, compiled = eager", smooth: false, 20_000, p =>
    {
        Compiled<Tensor, Tensor> compiled = Function.Compile<Tensor, Tensor>(p.Function);
        Same(p.Function(p.Argument()), compiled.Invoke(p.Argument()));
        Same(p.Function(p.Single()), compiled.Invoke(p.Single()));
    });

    [Fact]
    public void CompiledGradientIsEagerBitForBit() => Run("random programs, compiled gradient = gradient", smooth: false, 300, p =>
    {
        Func<Tensor, Tensor> gradient = Grad(x => p.Function(x).Sum());
        Same(gradient(p.Argument()), Function.Compile<Tensor, Tensor>(gradient).Invoke(p.Argument()));
    });

    [Fact]
    public void BatchesAreTheirExamples() => Run("random programs, vmap = stack", smooth: false, 500, p =>
    {
        double[][] examples = [p.Values, [.. p.Values.Select(v => -v)], [.. p.Values.Reverse()]];
        double[] batched = Vmap(p.Function)(Tensor.Of<double>([.. examples.SelectMany(e => e)], p.Shape.Insert(0, 3))).ToArray<double>();
        double[] single = [.. examples.SelectMany(e => p.Function(Tensor.Of(e, p.Shape)).ToArray<double>())];
        Assert.True(Differ.Relative(batched, single) <= 1e-12, "The batch differs from its examples.");
    });

    [Fact]
    public void AnyNumberOfThreadsGivesTheSameBits() => Run("random programs, threads", smooth: false, 150, p =>
    {
        Tensor first = p.Function(p.Argument(OpProofs.Threads[0]));
        foreach (Device device in OpProofs.Threads) Same(first, p.Function(p.Argument(device)));
    });

    [Fact]
    public void TheReferenceDeviceAgrees() => Run("random programs, CPU = reference device", smooth: true, 300, p =>
    {
        double error = Differ.Relative(p.Function(p.Argument()).ToArray<double>(), p.Function(p.Argument(OpProofs.Reference)).ToArray<double>());
        Assert.True(error <= 1e-11, $"Off by {error:g3}.");
    });

    [Fact]
    public void SingleDerivativesAgreeWithDoubleOnes() => Run("random programs, f32 gradient = f64 gradient", smooth: true, 300, p =>
    {
        Func<Tensor, Tensor> gradient = Grad(x => Ops.Mean(p.Function(x)));
        double[] wide = gradient(p.Argument()).ToArray<double>();
        double[] narrow = Array.ConvertAll(gradient(p.Single()).ToArray<float>(), v => (double)v);
        double error = Differ.Relative(narrow, wide);
        Assert.True(error <= 1e-4, $"Off by {error:g3}.");
        tally.Add("f32 gradient against f64", 1, error);
    });

    private void Derivatives(ProgramCase p, int order)
    {
        foreach (DerivativeError error in GradCheck.Measure(p.Function, p.Argument(), order, seed: 1, fullSide: 0))
        {
            Assert.True(error.Passed, $"{error.Check} is off by {error.Error:g3}, allowed {error.Tolerance:g3}.");
            tally.Add($"random programs at order {order}, {error.Check}", 1, error.Error);
        }
    }

    private void Run(string name, bool smooth, int tests, Action<ProgramCase> body)
    {
        PropertyResult result = Property.Check(name, ProgramCase.Arbitrary(smooth), body, tests, p => p.Labels(), Interesting);
        tally.Add(name, result.Tests);
    }

    private static void Same(Tensor a, Tensor b)
    {
        Assert.Equal(a.Spec, b.Spec);
        Assert.True(TypedValues.Bits(a).AsSpan().SequenceEqual(TypedValues.Bits(b)), "The bits differ.");
    }
}
