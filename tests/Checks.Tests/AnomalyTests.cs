using Engine.Tensors;
using Engine.Testing;
using Engine.Testing.Programs;
using Engine.Testing.Proofs;
using FsCheck.Fluent;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>The first op that makes a NaN or an infinity is named, with its line when the trace notes lines.</summary>
public sealed class AnomalyTests(Tally tally) : IClassFixture<Tally>
{
    private static readonly TraceOptions Watch = new() { Anomalies = true }, WatchLines = new() { Anomalies = true, Source = true };

    private static readonly ProgramOp[] Bad =
    [
        new("badLog", 1, v => Ops.Log(Ops.Tanh(v[0]) - 3)),
        new("badSqrt", 1, v => Ops.Sqrt(Ops.Tanh(v[0]) - 3)),
        new("badDivide", 1, v => (Ops.Tanh(v[0]) + 2) / (Ops.Tanh(v[0]) * 0)),
        new("badExp", 1, v => Ops.Exp((Ops.Tanh(v[0]) + 2) * 1e4)),
    ];

    [Fact]
    public void TheFirstBadOpOfARandomProgramIsNamed()
    {
        int named = 0;
        Testing.Property.Check("anomalies", ProgramCase.Arbitrary(smooth: true), Gen.Elements(Bad).ToArbitrary(), (p, bad) =>
        {
            if (!p.Root.Varies) return;
            // What is wrong lies somewhere between sound ops: before a program, inside it and after it.
            foreach (Func<Tensor, Tensor> f in (Func<Tensor, Tensor>[])[x => p.Function(bad.Apply([x])), x => bad.Apply([p.Function(x)]), x => p.Function(x) + Ops.Tanh(bad.Apply([p.Function(x) * 0.5]))])
            {
                AnomalyException e = Assert.Throws<AnomalyException>(() => Function.Compile(f, Watch).Invoke(p.Argument()));
                Assert.StartsWith(bad.Name[3..].ToLowerInvariant() + ": element [", e.Message, StringComparison.Ordinal);
            }
            named += 3;
        }, 190);
        Assert.True(named >= 500 * Math.Min(1, Cases.Factor), $"only {named} anomalies were injected");
        tally.Add("anomalies named", named);
    }

    [Fact]
    public void SoundProgramsGiveTheBitsOfTheirPlans() => Testing.Property.Check("watched = compiled", ProgramCase.Arbitrary(smooth: false), p =>
        Assert.True(Differ.SameBits(Function.Compile<Tensor, Tensor>(p.Function, Watch).Invoke(p.Argument()), Function.Compile<Tensor, Tensor>(p.Function).Invoke(p.Argument()))), 200);

    [Fact]
    public void TheLineIsNamedToo()
    {
        AnomalyException e = Assert.Throws<AnomalyException>(() => Function.Compile<Tensor, Tensor>(
            x => Ops.Exp(
                Ops.Log(x)), WatchLines).Invoke(Tensor.Of([1.0, -2])));
        Assert.Matches(@"^log: element \[1\] of its result f64\[2\] is NaN, though no operand has one \(AnomalyTests.cs:\d+\)\. It is the first in the program\.$", e.Message);
    }

    [Fact]
    public void DerivativesAreWatchedAndNamedByLine()
    {
        Tensor f(Tensor x) => Ops.Sum(Ops.Sqrt(x));
        Tensor at = Tensor.Of([4.0, 0]);
        Assert.Equal([0.25, double.PositiveInfinity], Function.Compile<Tensor, Tensor>(Grad(f)).Invoke(at).ToArray<double>());
        AnomalyException e = Assert.Throws<AnomalyException>(() => Function.Compile<Tensor, Tensor>(Grad(f), WatchLines).Invoke(at));
        Assert.Matches(@"of its result f64\[2\] is Infinity, though every operand is finite \(AnomalyTests.cs:\d+\)", e.Message);
    }

    [Fact]
    public void InfinitiesThatAreMeantAreNoAnomalies()
    {
        Tensor mask = Tensor.Of([true, false, true]);
        Tensor y = Function.Compile<Tensor, Tensor>(x => Ops.Softmax(Ops.Where(mask, x, Tensor.Scalar(double.NegativeInfinity, DType.F64))), Watch).Invoke(Tensor.Of([1.0, 2, 3]));
        Assert.Equal(0, y.ToArray<double>()[1]);
    }

    [Fact]
    public void AStepThatGoesWrongKeepsItsState()
    {
        using var step = Function.CompileStep(Tensor.Of([1.0]), (Tensor s, Tensor b) => (s - b, Ops.Log(s - b)), Watch);
        step.Run(Tensor.Of([0.25]));
        Assert.Equal([0.75], step.Snapshot().ToArray<double>());
        Assert.Throws<AnomalyException>(() => step.Run(Tensor.Of([2.0])));
        Assert.Equal([0.75], step.Snapshot().ToArray<double>());
        step.Run(Tensor.Of([0.5]));
        Assert.Equal([0.25], step.Snapshot().ToArray<double>());
        Assert.Equal(Math.Log(0.25), step.Metrics().ToScalar<double>(), 1e-15);
    }
}
