using Engine.Tensors;
using Engine.Tensors.Reference;

namespace Engine.Checks;

internal static class ActivationRows
{
    public static OpInfo[] All { get; } =
    [
        new("sigmoid", Ops.Sigmoid, ReferenceMath.Sigmoid, (-30, 30), SpecialValues: [0, -100, 100]),
        new("softplus", Ops.Softplus, x => Math.Max(x, 0) + ReferenceMath.Log1p(Math.Exp(-Math.Abs(x))), (-30, 30), SpecialValues: [0, -100, 100]),
        new("relu", Ops.Relu, x => Math.Max(x, 0), (-10, 10), SpecialValues: [0], Kinks: [0]),
        new("silu", Ops.Silu, x => x * ReferenceMath.Sigmoid(x), (-30, 30), SpecialValues: [0, -100, 100]),
        new("gelu", Ops.Gelu, x => x * ((ReferenceMath.Erf(x * Math.Sqrt(0.5)) * 0.5) + 0.5), (-8, 8), SpecialValues: [0, -40, 40]),
        new("geluTanh", Ops.GeluTanh, x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))), (-8, 8),
            SpecialValues: [0, -40, 40]),
        new("erf", Ops.Erf, ReferenceMath.Erf, (-5, 5), SpecialValues: [0, -30, 30]),
        new("erfc", Ops.Erfc, ReferenceMath.Erfc, (-5, 5), SpecialValues: [0, -30, 30]),
        new("leakyRelu", x => Ops.LeakyRelu(x), x => x > 0 ? x : 0.01 * x, (-10, 10), SpecialValues: [0], Kinks: [0]),
        new("leakyRelu slope", x => Ops.LeakyRelu(x, 0.25), x => x > 0 ? x : 0.25 * x, (-10, 10), SpecialValues: [0], Kinks: [0]),
    ];
}
