using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// A norm on updates. It decides which update a gradient means: its duality map gives the update of norm 1 along which a loss rises most.
/// </summary>
public abstract class Norm
{
    /// <summary>The Euclidean norm over all elements of all leaves.</summary>
    public static Norm Euclidean { get; } = new EuclideanNorm();

    /// <summary>The norm times a factor: updates of norm 1 are so many times smaller.</summary>
    /// <exception cref="ArgumentException">The factor is not positive.</exception>
    public Norm Scale(double factor) => new ScaledUpdateNorm(this, Rules.Positive("norm", "the factor", factor));

    /// <summary>The norm of an update, as a scalar.</summary>
    public abstract Tensor Of(Update update);

    /// <summary>The dual norm of a gradient, as a scalar: the most it pairs to with an update of norm 1.</summary>
    public abstract Tensor DualNorm(Gradient gradient);

    /// <summary>An update of norm 1 that pairs with the gradient to its dual norm; zero for a zero gradient.</summary>
    public abstract Update Dualize(Gradient gradient);

    /// <summary>
    /// The update u that maximizes (gradient, u) - N(u)^2 / 2: dual norm times duality map. For the Euclidean norm it has the gradient's own numbers.
    /// </summary>
    public virtual Update Riesz(Gradient gradient)
    {
        Tensor size = DualNorm(gradient);
        return Dualize(gradient).Map(t => t * size.Cast(t.DType));
    }
}

internal sealed class ScaledUpdateNorm(Norm inner, double factor) : Norm
{
    public override Tensor Of(Update update) => inner.Of(update) * factor;

    public override Tensor DualNorm(Gradient gradient) => inner.DualNorm(gradient) * (1 / factor);

    public override Update Dualize(Gradient gradient) => (1 / factor) * inner.Dualize(gradient);
}

/// <summary>The norm that is its own dual.</summary>
internal sealed class EuclideanNorm : Norm
{
    public override Tensor Of(Update update) => Length("norm", update.Tensors);

    public override Tensor DualNorm(Gradient gradient) => Length("dualNorm", gradient.Tensors);

    public override Update Dualize(Gradient gradient)
    {
        Tensor length = DualNorm(gradient);
        // Dividing by infinity where the length is 0 gives the zeros that a zero gradient calls for.
        Tensor divisor = Ops.Where(length > 0, length, length.Like(double.PositiveInfinity));
        return gradient.Dual(gradient.Tensors.Select(t => t / divisor.Cast(t.DType)));
    }

    public override Update Riesz(Gradient gradient) => gradient.Dual(gradient.Tensors);

    /// <summary>The root of the sum of squares, in the widest type among the tensors.</summary>
    private static Tensor Length(string op, IReadOnlyList<Tensor> tensors)
    {
        if (tensors.Count == 0) throw new ArgumentException($"{op}: there is no tensor to measure.");
        DType type = tensors.Any(t => t.DType == DType.F64) ? DType.F64 : DType.F32;
        return Ops.Sqrt(tensors.Select(t => Ops.Sum(Ops.Square(t.Cast(type)))).Aggregate((a, b) => a + b));
    }
}
