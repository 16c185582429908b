using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks.Tests;

/// <summary>The gradient check itself: it fails when a rule is wrong, repeats from its seed, filters, reports progress and stops when asked.</summary>
public sealed class RunnerTests
{
    private static readonly OpInfo WrongSign = new(
        "wrongSign", Transform.CustomVjp(Ops.Sin, (x, _, ct) => -(ct * Ops.Cos(x))), Math.Sin, (-1, 1));

    private static readonly OpInfo WrongSecond = new(
        "wrongSecond", Transform.CustomVjp(Ops.Sin, (x, _, ct) => ct * Transform.CustomVjp(Ops.Cos, (y, _, c) => c * Ops.Sin(y))(x)), Math.Sin, (-1, 1));

    private static readonly OpInfo WrongValue = new("wrongValue", x => Ops.Sin(x) * (1 + 1e-10), Math.Sin, (-1, 1));

    private static readonly OpInfo WrongBatch = new("wrongBatch", x => new WrongBatchOp().Apply(x), x => x * x, (-1, 1));

    private static readonly OpInfo WrongForward = new("wrongForward", x => new WrongForwardOp().Apply(x), x => x * x, (-1, 1));

    private static readonly OpInfo WrongLength = new("wrongLength", x => Ops.Concat([x.Reshape(x.Count), x.Reshape(x.Count)]), x => x, (-1, 1));

    private static readonly OpInfo NotANumber = new("notANumber", x => Ops.Where(x > 0, x, x.Like(double.NaN)), x => x, (-1, 1));

    private static readonly OpInfo Throwing = new("throwing", x => x.Rank > 2 ? throw new NotSupportedException("rank") : x, x => x, (-1, 1));

    [Fact]
    public void AWrongReverseRuleIsFound()
    {
        CheckReport report = GradCheckRunner.Run([WrongSign], new() { Cases = 8 });
        Assert.Contains(report.Failures, f => f.Check == "vjp");
        Assert.Contains(report.Failures, f => f.Check == "adjoint");
        Assert.DoesNotContain(report.Failures, f => f.Check is "jvp" or "forward");
    }

    [Fact]
    public void AWrongSecondDerivativeIsFoundWhereItIsLookedFor()
    {
        CheckReport report = GradCheckRunner.Run([WrongSecond], new() { Cases = 8 });
        Assert.NotEmpty(report.Failures);
        Assert.All(report.Failures, f => Assert.StartsWith("hvp", f.Check, StringComparison.Ordinal));
        Assert.Empty(GradCheckRunner.Run([WrongSecond], new() { Cases = 8, SecondOrderEvery = 0 }).Failures);
    }

    [Fact]
    public void AWrongValueIsFound() => Assert.Contains(GradCheckRunner.Run([WrongValue], new() { Cases = 8 }).Failures, f => f.Check == "forward");

    [Fact]
    public void AResultOfAnotherLengthOrNoNumberIsFound()
    {
        foreach (OpInfo row in (OpInfo[])[WrongLength, NotANumber])
            Assert.Contains(GradCheckRunner.Run([row], new() { Cases = 8 }).Failures, f => f.Check == "forward" && double.IsPositiveInfinity(f.Error));
    }

    [Fact]
    public void AWrongForwardRuleIsFound()
    {
        CheckReport report = GradCheckRunner.Run([WrongForward], new() { Cases = 8 });
        Assert.Contains(report.Failures, f => f.Check == "jvp");
        Assert.Contains(report.Failures, f => f.Check == "adjoint");
        Assert.DoesNotContain(report.Failures, f => f.Check is "vjp" or "forward");
    }

    [Fact]
    public void AWrongBatchingRuleIsFound()
    {
        CheckReport report = GradCheckRunner.Run([WrongBatch], new() { Cases = 8 });
        Assert.Contains(report.Failures, f => f.Check == "vmap");
        Assert.DoesNotContain(report.Failures, f => f.Check is "vjp" or "jvp" or "forward");
    }

    [Fact]
    public void AnExceptionIsAFailureAndNotTheEnd()
    {
        CheckReport report = GradCheckRunner.Run([Throwing], new() { Cases = 16 });
        Assert.Equal(16, report.Cases);
        Assert.InRange(report.Failures.Count, 1, 15);
        Assert.All(report.Failures, f => Assert.Equal("NotSupportedException", f.Check));
    }

    [Fact]
    public void AFailureRepeatsFromItsSeedAndCase()
    {
        CheckFailure failure = GradCheckRunner.Run([WrongSign], new() { Cases = 8, Seed = 5 }).Failures[^1];
        Assert.True(failure.Case > 0);
        CheckReport again = GradCheckRunner.Run([WrongSign], new() { Cases = 1, Seed = failure.Seed, FirstCase = failure.Case });
        Assert.Contains(failure, again.Failures);
    }

    [Fact]
    public void RowsAreChosenByNameOrFunction()
    {
        Assert.Equal(["windows", "windows fold"], Chosen("windows").Order());
        Assert.Equal(["pow cube"], Chosen("pow cube"));
        Assert.Throws<ArgumentException>(() => Chosen("no such row"));
        static string[] Chosen(string name) => [.. GradCheckRunner.Run(new() { Cases = 0, Rows = [name] }).Rows.Select(r => r.Row.Name)];
    }

    [Fact]
    public void ProgressIsToldAfterEveryRow()
    {
        List<CheckProgress> told = [];
        GradCheckRunner.Run(new() { Cases = 1, Rows = ["sin", "cos"] }, new Direct(told.Add));
        Assert.Equal([1, 2], told.Select(p => p.Done));
        Assert.All(told, p => Assert.Equal(2, p.Total));
    }

    [Fact]
    public void ACancelledRunStops() =>
        Assert.Throws<OperationCanceledException>(() => GradCheckRunner.Run(new(), null, new CancellationToken(canceled: true)));

    [Fact]
    public void TheSameSeedDrawsTheSameCases()
    {
        OpInfo row = Catalogue.Find("softmax");
        Sample a = draw(7), b = draw(7), c = draw(8);
        Assert.Equal(a.ToString(), b.ToString());
        Assert.Equal(TypedValues.Read(a.Views()[0]), TypedValues.Read(b.Views()[0]));
        Assert.NotEqual(TypedValues.Read(a.Views()[0]), TypedValues.Read(c.Views()[0]));
        Sample draw(long seed) => Sample.Draw(row, new Generator(seed, row.Name, 3));
    }

    private sealed class Direct(Action<CheckProgress> action) : IProgress<CheckProgress>
    {
        public void Report(CheckProgress value) => action(value);
    }
}

internal sealed record WrongBatchOp : UnaryPrimitive
{
    public override string Name => "wrongBatch";

    public override Expr Define(Expr x) => x * x;

    public override Slope Derivative(Tensor x, Tensor y) => x * 2;

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => [Bind(inputs)[0] + 1e-9];
}

internal sealed record WrongForwardOp : UnaryPrimitive
{
    public override string Name => "wrongForward";

    public override Expr Define(Expr x) => x * x;

    public override Slope Derivative(Tensor x, Tensor y) => x * 2;

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) => [tangents[0] is { } t ? t * inputs[0] * 2.001 : null];
}
