using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>Where the elements of an operand lie in memory, how many threads work, and whether the op is compiled, changes no bit of a result.</summary>
public sealed class LayoutTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> WithOperands => Rows.WithOperands;

    [Theory]
    [MemberData(nameof(WithOperands))]
    public void ViewsGiveTheBitsOfCopies(string name) => tally.Add(OpProofs.Layouts(Catalogue.Find(name)));

    [Theory]
    [MemberData(nameof(WithOperands))]
    public void AnyNumberOfThreadsGivesTheSameBits(string name) => tally.Add(OpProofs.ThreadCounts(Catalogue.Find(name)));

    [Theory]
    [MemberData(nameof(WithOperands))]
    public void CompiledOpsGiveTheSameBits(string name) => tally.Add(OpProofs.Compiled(Catalogue.Find(name)));
}
