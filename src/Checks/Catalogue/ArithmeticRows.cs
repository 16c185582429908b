using Engine.Tensors;

namespace Engine.Checks;

internal static class ArithmeticRows
{
    public static OpInfo[] All { get; } =
    [
        new("add", Ops.Add, (a, b) => a + b, (-10, 10), SpecialValues: [0]),
        new("subtract", Ops.Subtract, (a, b) => a - b, (-10, 10), SpecialValues: [0]),
        new("multiply", Ops.Multiply, (a, b) => a * b, (-10, 10), SpecialValues: [0]),
        new("divide", Ops.Divide, (a, b) => a / b, (-4, 4), Kinks: [0], SpecialValues: [1]),
        new("divide integers", Ops.Divide, (a, b) => b == 0 ? 0 : Math.Truncate(a / b), (-9, 9), DType: DType.I32, Derivative: DerivativeCheck.None,
            Note: "integers"),
        new("negate", Ops.Negate, x => -x, (-10, 10), SpecialValues: [0]),
        new("abs", Ops.Abs, Math.Abs, (-10, 10), SpecialValues: [0], Kinks: [0]),
        new("sign", Ops.Sign, x => double.IsNaN(x) ? x : Math.Sign(x), (-10, 10), SpecialValues: [0], Kinks: [0]),
        new("square", Ops.Square, x => x * x, (-10, 10), SpecialValues: [0]),
        new("reciprocal", Ops.Reciprocal, x => 1 / x, (-4, 4), Kinks: [0], SpecialValues: [1]),
        new("fma", xs => Ops.Fma(xs[0], xs[1], xs[2]), v => Math.FusedMultiplyAdd(v[0], v[1], v[2]), [new([]), new([]), new([])]),
        new("maximum", Ops.Maximum, Math.Max, (-4, 4), SpecialValues: [0, 1], Compares: true),
        new("minimum", Ops.Minimum, Math.Min, (-4, 4), SpecialValues: [0, 1], Compares: true),
        new("clamp", x => Ops.Clamp(x, -1, 2), x => Math.Min(Math.Max(x, -1), 2), (-4, 4), SpecialValues: [-1, 0, 2], Kinks: [-1, 2]),
    ];
}
