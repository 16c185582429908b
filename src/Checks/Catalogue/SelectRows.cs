using Engine.Tensors;

namespace Engine.Checks;

internal static class SelectRows
{
    public static OpInfo[] All { get; } =
    [
        new("where", xs => Ops.Where(xs[0], xs[1], xs[2]), v => v[0] != 0 ? v[1] : v[2], [new([]) { Domain = (0, 1), DType = DType.Bool }, new([]), new([])]),
        new("where same", x => Ops.Where(x > 0, x * 2, x * x), x => x > 0 ? x * 2 : x * x, (-4, 4), SpecialValues: [0], Kinks: [0]),
        new("cast", x => Ops.Cast(Ops.Cast(x, DType.F32), DType.F64), x => (float)x, (-4, 4), SpecialValues: [0, 0.1],
            Derivative: DerivativeCheck.AdjointOnly, Note: "differences see the rounding to f32"),
        new("cast integers", x => Ops.Cast(x, DType.I32), x => double.IsNaN(x) ? 0 : Math.Clamp(Math.Truncate(x), int.MinValue, int.MaxValue), (-100, 100),
            SpecialValues: [0.5, -0.5, 1e10, -1e10], Derivative: DerivativeCheck.None, Note: "an integer result"),
        new("cast bool", x => Ops.Cast(x, DType.Bool), x => x != 0 ? 1 : 0, (-1, 1), SpecialValues: [0], Derivative: DerivativeCheck.None,
            Note: "a bool result"),
        new("stopGradient", Ops.StopGradient, x => x, (-4, 4), SpecialValues: [0], Derivative: DerivativeCheck.AdjointOnly,
            Note: "the derivative is 0 by definition"),
    ];
}
