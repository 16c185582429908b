using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>Tensors that optimizers keep per weight, and the step counter.</summary>
internal static class Accumulator
{
    /// <summary>The name of a counter of finished steps, i64.</summary>
    public const string Step = "step";

    /// <summary>The type sums over steps are kept in: f16 and bf16 would lose small addends, so their sums are f32.</summary>
    public static DType TypeFor(DType type) => type.IsHalfWidth() ? DType.F32 : type;

    /// <summary>The type scalars are computed in: the widest among the weights'.</summary>
    public static DType ScalarType(IReadOnlyList<Tensor> tensors) => tensors.Any(t => t.DType == DType.F64) ? DType.F64 : DType.F32;

    /// <summary>Names of one accumulator per weight.</summary>
    public static IEnumerable<string> Names(string kind, Weights weights) => weights.Names.Select(n => $"{kind}.{n}");

    /// <summary>One accumulator of zeros per weight.</summary>
    public static IEnumerable<Tensor> Zeros(Weights weights) => weights.Tensors.Select(t => Tensor.Zeros(t.Shape, TypeFor(t.DType)));

    /// <summary>The accumulators of a kind, in the order of the gradient's leaves.</summary>
    public static Tensor[] Of(OptimizerState state, string kind, IReadOnlyList<string> names) => [.. names.Select(n => state[$"{kind}.{n}"])];

    /// <summary>A counter at 0.</summary>
    public static Tensor NoSteps() => Tensor.Zeros([], DType.I64);

    /// <summary>1 - b^t, the weight that t steps have together. As -expm1(t log b) it keeps its digits in f32 where b is near 1.</summary>
    public static Tensor WeightSince(double b, Tensor count) => -Ops.Expm1(count * Math.Log(b));
}
