using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>
/// Elementwise ops at every combination of NaN, infinities, zeros, subnormal and greatest numbers: the table that IEEE arithmetic of the definition gives.
/// </summary>
public sealed class SpecialValueTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> Elementwise => Rows.Elementwise;

    [Theory]
    [MemberData(nameof(Elementwise))]
    public void EveryCombination(string name) => tally.Add(OpProofs.SpecialValues(Catalogue.Find(name)));
}
