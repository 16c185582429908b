using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>Ops on operands of the wrong element type, shape or rank either work or fail when they are called, by name and in one line, in a trace as outside.</summary>
public sealed class IllTypedTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> WithOperands => Rows.WithOperands;

    [Theory]
    [MemberData(nameof(WithOperands))]
    public void WrongOperandsAreRefusedAtTheCall(string name) => tally.Add(OpProofs.Refusals(Catalogue.Find(name)));
}
