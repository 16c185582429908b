using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>
/// First and second derivatives of every op against differences of its values, forward mode against reverse mode, and batches against single examples.
/// </summary>
public sealed class GradientTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> All => Rows.All;

    [Theory]
    [MemberData(nameof(All))]
    public void DerivativesAndBatchesAreRight(string name) => tally.Add(OpProofs.Derivatives(Catalogue.Find(name)));
}
