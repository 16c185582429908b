using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>
/// First and second derivatives of every op against differences of its values, forward mode against reverse mode, and batches against single examples.
/// </summary>
public sealed class GradientTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> Ops => Rows.Ops;

    [Theory]
    [MemberData(nameof(Ops))]
    public void DerivativesAndBatchesAreRight(string name) => tally.Add(OpProofs.Derivatives(Catalogue.Find(name)));
}

/// <summary>The same of every layer and loss; a class of its own, so that both run at the same time.</summary>
public sealed class LayerGradientTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> Layers => Rows.Layers;

    [Theory]
    [MemberData(nameof(Layers))]
    public void DerivativesAndBatchesAreRight(string name) => tally.Add(OpProofs.Derivatives(Catalogue.Find(name)));
}
