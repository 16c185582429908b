using Engine.Tensors;

namespace Engine.Checks;

internal static class ComparisonRows
{
    public static OpInfo[] All { get; } =
    [
        Compare("equal", Ops.Equal, (a, b) => a == b),
        Compare("notEqual", Ops.NotEqual, (a, b) => a != b),
        Compare("less", Ops.Less, (a, b) => a < b),
        Compare("lessEqual", Ops.LessEqual, (a, b) => a <= b),
        Compare("greater", Ops.Greater, (a, b) => a > b),
        Compare("greaterEqual", Ops.GreaterEqual, (a, b) => a >= b),
        Bits("and", Ops.And, (a, b) => a & b),
        Bits("or", Ops.Or, (a, b) => a | b),
        Bits("xor", Ops.Xor, (a, b) => a ^ b),
        new("logicalNot", Ops.LogicalNot, x => 1 - x, (0, 1), DType: DType.Bool, Derivative: DerivativeCheck.None, Note: "bool"),
        new("isNaN", Ops.IsNaN, x => double.IsNaN(x) ? 1 : 0, (-2, 2), Derivative: DerivativeCheck.None, Note: "a bool result"),
        new("isFinite", Ops.IsFinite, x => double.IsFinite(x) ? 1 : 0, (-2, 2), Derivative: DerivativeCheck.None, Note: "a bool result"),
    ];

    private static OpInfo Compare(string name, Func<Tensor, Tensor, Tensor> function, Func<double, double, bool> reference) =>
        new(name, function, (a, b) => reference(a, b) ? 1 : 0, (-2, 2), SpecialValues: [-1, 0, 1], Derivative: DerivativeCheck.None, Note: "a bool result");

    private static OpInfo Bits(string name, Func<Tensor, Tensor, Tensor> function, Func<long, long, long> reference) =>
        new(name, function, (a, b) => reference((long)a, (long)b), (-1000, 1000), DType: DType.I64, Derivative: DerivativeCheck.None, Note: "integers");
}
