using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Functions that take f32 and f64 only, such as solvers: half-width operands go through f32.</summary>
internal static class Widened
{
    /// <summary>The result in the type of the first operand.</summary>
    public static Tensor Run(Tensor[] xs, Func<Tensor[], Tensor> f) =>
        xs[0].DType.IsHalfWidth() ? f(Array.ConvertAll(xs, x => x.Cast(DType.F32))).Cast(xs[0].DType) : f(xs);
}
