using Engine.Tensors;

namespace Engine.Checks;

internal static class TrigonometricRows
{
    private const string NearPole = "the derivatives grow without bound towards the ends of the domain, where differences lose their digits";

    public static OpInfo[] All { get; } =
    [
        new("sin", Ops.Sin, Math.Sin, (-10, 10), SpecialValues: [0, Math.PI, 1000]),
        new("cos", Ops.Cos, Math.Cos, (-10, 10), SpecialValues: [0, Math.PI / 2, 1000]),
        new("tan", Ops.Tan, Math.Tan, (-1.3, 1.3), SpecialValues: [0, Math.PI], Note: NearPole),
        new("asin", Ops.Asin, Math.Asin, (-0.9, 0.9), SpecialValues: [0], Note: NearPole),
        new("acos", Ops.Acos, Math.Acos, (-0.9, 0.9), SpecialValues: [0], Note: NearPole),
        new("atan", Ops.Atan, Math.Atan, (-10, 10), SpecialValues: [0, 1, 1e8]),
        new("sinh", Ops.Sinh, Math.Sinh, (-8, 8), SpecialValues: [0]),
        new("cosh", Ops.Cosh, Math.Cosh, (-8, 8), SpecialValues: [0]),
        new("tanh", Ops.Tanh, Math.Tanh, (-10, 10), SpecialValues: [0, -100, 100]),
        new("asinh", Ops.Asinh, Math.Asinh, (-10, 10), SpecialValues: [0, 1e8]),
        new("acosh", Ops.Acosh, Math.Acosh, (1.1, 20), SpecialValues: [2], Note: NearPole),
        new("atanh", Ops.Atanh, Math.Atanh, (-0.9, 0.9), SpecialValues: [0], Note: NearPole),
        new("atan2", Ops.Atan2, Math.Atan2, (-4, 4), Second: (0.3, 4), SpecialValues: [1],
            Note: "the angle jumps across the negative axis of the second operand and has no derivative at the origin"),
        new("atan2 left", Ops.Atan2, Math.Atan2, (0.3, 4), Second: (-4, 4), SpecialValues: [1],
            Note: "the upper half plane, which holds the other side of the second operand's 0"),
    ];
}
