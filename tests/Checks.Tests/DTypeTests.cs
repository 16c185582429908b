using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>Elementwise ops on every element type they take, and what they say of the others.</summary>
public sealed class DTypeTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> Elementwise => Rows.Elementwise;

    [Theory]
    [MemberData(nameof(Elementwise))]
    public void IntegersAndBoolAgreeWithTheReferenceDevice(string name) => tally.Add(OpProofs.IntegerTypes(Catalogue.Find(name)));
}
