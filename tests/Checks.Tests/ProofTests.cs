using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>The proofs hold for right ops of an application's own, and each one fails for an op that is wrong in its way.</summary>
public sealed class ProofTests
{
    private static readonly OpInfo Right = new("swish", x => x * Ops.Sigmoid(x), x => x / (1 + Math.Exp(-x)), (-3, 3), Note: "x sigmoid(x)");

    [Fact]
    public void AnOwnOpIsProvedByOneRow()
    {
        var op = new OpInfo("softClip", x => x / Ops.Sqrt(1 + (x * x)), x => x / Math.Sqrt(1 + (x * x)), (-3, 3));
        IReadOnlyList<Proof> proofs = [.. OpProofs.Values(op), .. OpProofs.Devices(op), .. OpProofs.Derivatives(op), .. OpProofs.Layouts(op), .. OpProofs.ThreadCounts(op), .. OpProofs.Compiled(op), .. OpProofs.Refusals(op)];
        Assert.All(proofs, p => Assert.True(p.Count > 0));
        Assert.Contains(proofs, p => p.What == "compiled = eager, bit for bit");
    }

    [Fact]
    public void AnOwnModuleIsProvedByOneRow()
    {
        OpInfo row = ModuleRow.Of("Scale layer", g => new(new Linear(1, 1), new Operand([3, 1]), (w, x) =>
            Grid.Build([3, 1], at => (w["weight"][0, 0] * x[at]) + w["bias"][0])));
        Assert.All(OpProofs.All(row), p => Assert.True(p.Count > 0));
    }

    [Fact]
    public void AWrongValueIsFound() =>
        Fails("swish: ", () => OpProofs.Values(new("swish", x => x * Ops.Sigmoid(x), x => (x / (1 + Math.Exp(-x))) + 1e-10, (-3, 3))));

    [Fact]
    public void AWrongSpecialValueIsFound() =>
        Fails("swish(-Infinity) in f64 is NaN, by definition -0", () => OpProofs.SpecialValues(new("swish", x => x * Ops.Sigmoid(x), x => x < -700 ? -0.0 : x / (1 + Math.Exp(-x)), (-3, 3))));

    [Fact]
    public void AWrongRuleIsFound() => Fails("jacobian", () => OpProofs.Derivatives(new("half", x => Ops.StopGradient(x) * 0.5 + x * 0.25 - Ops.StopGradient(x) * 0.25, x => x / 2, (-3, 3))));

    [Fact]
    public void AValueThatDependsOnTheTraceIsFound()
    {
        var op = new OpInfo("traced", x => x.Node is null ? x * 2 : x * 3, x => x * 2, (-3, 3));
        Fails("the compiled op and the eager one differ", () => OpProofs.Compiled(op));
        OpProofs.Values(op);
    }

    [Fact]
    public void AVagueRefusalIsFound()
    {
        var op = new OpInfo("strict", x => x.DType.IsFloating() ? x * 2 : throw new DTypeException("No!"), x => x * 2, (-3, 3));
        Fails("No!", () => OpProofs.Refusals(op));
        Fails("'No!' does not begin with the op", () => OpProofs.IntegerTypes(op));
    }

    [Fact]
    public void TheRowOfARightOpPasses() => OpProofs.Values(Right);

    private static void Fails(string text, Func<IReadOnlyList<Proof>> proof) => Assert.Contains(text, Assert.Throws<ProofException>(proof).Message, StringComparison.Ordinal);
}
