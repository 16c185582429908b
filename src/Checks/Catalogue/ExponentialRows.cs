using Engine.Tensors;
using Engine.Tensors.Reference;

namespace Engine.Checks;

internal static class ExponentialRows
{
    private const string NearZero = "the derivatives grow without bound towards the end of the domain, where differences lose their digits";

    public static OpInfo[] All { get; } =
    [
        new("exp", Ops.Exp, Math.Exp, (-20, 10), SpecialValues: [0, -700]),
        new("exp2", Ops.Exp2, x => Math.Pow(2, x), (-20, 12), SpecialValues: [0, 1, -1000]),
        new("expm1", Ops.Expm1, ReferenceMath.Expm1, (-20, 10), SpecialValues: [0, 1e-10, -700]),
        new("log", Ops.Log, Math.Log, (0.1, 50), SpecialValues: [1, 1e10], Note: NearZero),
        new("log2", Ops.Log2, Math.Log2, (0.1, 50), SpecialValues: [1, 1024], Note: NearZero),
        new("log1p", Ops.Log1p, ReferenceMath.Log1p, (-0.9, 50), SpecialValues: [0, 1e-10], Note: NearZero),
        new("sqrt", Ops.Sqrt, Math.Sqrt, (0.1, 50), SpecialValues: [1, 4], Note: NearZero),
        new("rsqrt", Ops.Rsqrt, x => 1 / Math.Sqrt(x), (0.1, 50), SpecialValues: [1, 4], Note: NearZero),
        new("pow", Ops.Pow, Math.Pow, (0.2, 3), Second: (-3, 3), SpecialValues: [1, 2],
            Note: "a negative number has powers for integer exponents only: see the rows with a fixed exponent"),
        new("pow square", x => Ops.Pow(x, 2), x => x * x, (-5, 5), SpecialValues: [0, 1]),
        new("pow cube", x => Ops.Pow(x, 3), x => x * x * x, (-5, 5), SpecialValues: [0, 1]),
        new("pow zero", x => Ops.Pow(x, 0), _ => 1, (-5, 5), SpecialValues: [0, 1]),
        new("pow inverse", x => Ops.Pow(x, -1), x => 1 / x, (-4, 4), SpecialValues: [1], Kinks: [0]),
    ];
}
