using Engine.Tensors;

namespace Engine.Checks;

internal static class RoundingRows
{
    private static readonly double[] Integers = [-4, -3, -2, -1, 0, 1, 2, 3, 4], Halves = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5];

    public static OpInfo[] All { get; } =
    [
        new("floor", Ops.Floor, Math.Floor, (-4, 4), SpecialValues: [-1, 0, 2.5], Kinks: Integers),
        new("ceiling", Ops.Ceiling, Math.Ceiling, (-4, 4), SpecialValues: [-1, 0, 2.5], Kinks: Integers),
        new("truncate", Ops.Truncate, Math.Truncate, (-4, 4), SpecialValues: [-1.5, 0, 2.5], Kinks: Integers),
        new("round", Ops.Round, x => Math.Round(x, MidpointRounding.ToEven), (-4, 4), SpecialValues: [-1.5, -0.5, 0, 0.5, 2.5], Kinks: Halves),
    ];
}
