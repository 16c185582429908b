using Engine.Tensors;

namespace Engine.Autograd.Duality;

/// <summary>Norms over all elements of a tensor alike: what biases and gains are measured by.</summary>
public static class VectorNorms
{
    /// <summary>The root of the sum of squares. Its duality map divides by it: normalized gradient descent.</summary>
    public static TensorNorm Euclidean { get; } = new EuclideanTensorNorm();

    /// <summary>The root of the mean of squares.</summary>
    public static TensorNorm Rms { get; } = new ScaledNorm(Euclidean, shape => 1 / Math.Sqrt(shape.Count));

    /// <summary>The largest absolute element. Its duality map is the sign: sign descent.</summary>
    public static TensorNorm MaxEntry { get; } = new MaxEntryNorm();
}

/// <summary>Its own dual.</summary>
internal sealed class EuclideanTensorNorm : TensorNorm
{
    internal override Tensor Norm(Tensor x) => Lengths.Of(x).Reshape();

    internal override Tensor Dual(Tensor gradient) => Norm(gradient);

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => Lengths.Unit(gradient);

    public override Tensor Riesz(Tensor gradient, PolarAccuracy accuracy = PolarAccuracy.Default) => gradient;

    public override Tensor Project(Tensor weight)
    {
        Tensor length = Of(weight).Cast(weight.DType);
        return Ops.Where(length <= 1, weight, weight / length);
    }
}

/// <summary>The largest absolute element; dual: the sum of them.</summary>
internal sealed class MaxEntryNorm : TensorNorm
{
    internal override Tensor Norm(Tensor x) => Ops.Max(Ops.Abs(x));

    internal override Tensor Dual(Tensor gradient) => Ops.Sum(Ops.Abs(gradient));

    internal override Tensor Map(Tensor gradient, PolarAccuracy accuracy) => Ops.Sign(gradient);

    public override Tensor Project(Tensor weight) => Ops.Clamp(weight, -1, 1);
}
