using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>The value of every op is what its definition says, on the CPU and on the reference device.</summary>
public sealed class ForwardTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> All => Rows.All;

    [Theory]
    [MemberData(nameof(All))]
    public void ValueIsTheDefinition(string name) => tally.Add(OpProofs.Values(Catalogue.Find(name)));

    [Theory]
    [MemberData(nameof(All))]
    public void SpecialValuesComeOutAsDefined(string name) => tally.Add(OpProofs.WildValues(Catalogue.Find(name)));

    [Theory]
    [MemberData(nameof(All))]
    public void CpuAndReferenceDeviceAgree(string name) => tally.Add(OpProofs.Devices(Catalogue.Find(name)));
}
