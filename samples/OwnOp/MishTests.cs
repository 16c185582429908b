using Engine.Autograd;
using Engine.Checks;
using Engine.Tensors;
using Engine.Testing;
using Engine.Testing.Proofs;

namespace OwnOp;

/// <summary>One row each, and the op and the layer are proved as the engine's own are.</summary>
public sealed class MishTests
{
    private static readonly OpInfo Mish = new("mish", MyOps.Mish, x => x * Math.Tanh(Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)))), (-5, 5));

    private static readonly OpInfo Gain = ModuleRow.Of("Gain layer", g =>
    {
        int features = g.Length(1, 5);
        Shape input = [2, features];
        return new(new Gain(features), input, (weights, x) => Grid.Build(x.Shape, at => x[at] * weights["gain"][at[1]]));
    });

    [Fact]
    public void TheOpIsRight() => Assert.All(OpProofs.All(Mish), p => Assert.True(p.Count > 0, p.ToString()));

    [Fact]
    public void TheLayerIsRight() => Assert.All(OpProofs.All(Gain), p => Assert.True(p.Count > 0, p.ToString()));

    // Properties of one's own: values are generated, and a counterexample is shrunk.
    [Fact]
    public void MishLiesBetweenItsBounds() => Property.Check("bounds", Arbitraries.Tensors(maxRank: 3, domain: (-20, 20)), t =>
    {
        Tensor x = t.ToTensor(), y = MyOps.Mish(x);
        Assert.All(y.ToArray<double>(), v => Assert.True(v > -0.31));
        Assert.All((Ops.Relu(x) - y).ToArray<double>(), v => Assert.True(v > -1e-12));
    });

    [Fact]
    public void ItsSecondDerivativeIsRightToo() => Assert.True(GradCheck.Check(MyOps.Mish, Tensor.Of([-2.0, -0.3, 0.0, 1.7]), order: 2) < 1e-8);
}
