using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace OwnOp;

/// <summary>An op of this application: x tanh(softplus(x)) (Misra, "Mish", 2019).</summary>
public static class MyOps
{
    /// <summary>x tanh(log(1 + exp(x))). Any shape; floating types.</summary>
    public static Tensor Mish(Tensor x) => MishOp.Instance.Apply(x);
}

/// <summary>The op: its name, its mathematics and its derivative. Shapes, types, batching, threads and fusion come from the family.</summary>
internal sealed record MishOp : UnaryPrimitive
{
    public static readonly MishOp Instance = new();

    public override string Name => "mish";

    public override Expr Define(Expr x) => x * (x.Max(0) + (-x.Abs()).Exp().Log1p()).Tanh();

    public override Slope Derivative(Tensor x, Tensor y)
    {
        Tensor t = Ops.Tanh(Ops.Softplus(x));
        return t + x * (1 - t * t) * Ops.Sigmoid(x);
    }
}

/// <summary>A layer of this application: one gain per feature. Weights: <c>gain</c> [features].</summary>
public sealed class Gain(int features) : Module
{
    /// <inheritdoc/>
    public override double Mass => 1;

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    public override int WeightCount => 1;

    /// <inheritdoc/>
    protected override IReadOnlyList<LeafGeometry> Leaves() => [new("gain", [features], VectorNorms.MaxEntry, Drawn: false)];

    /// <inheritdoc/>
    public override Weights Initialize(RandomKey key, DType dtype = DType.F32) => new(["gain"], [Tensor.Ones([features], dtype)]);

    /// <inheritdoc/>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => x * weights["gain"];
}
