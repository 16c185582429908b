using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>Ops whose meaning is a traced function.</remarks>
internal static class RegionRows
{
    public static OpInfo[] All { get; } =
    [
        new("checkpoint", Transform.Checkpoint(x => Ops.Tanh(x) * Ops.Exp(x)), x => Math.Tanh(x) * Math.Exp(x), (-3, 3), SpecialValues: [0]),
        new("checkpoint captures", (a, b) => Transform.Checkpoint(x => Ops.Sin(x) * b)(a), (a, b) => Math.Sin(a) * b, (-3, 3), SpecialValues: [0]),
        new("customVjp", Transform.CustomVjp(x => Ops.Sin(x) * x, (x, _, ct) => ct * (Ops.Sin(x) + x * Ops.Cos(x))), x => Math.Sin(x) * x, (-3, 3),
            SpecialValues: [0]),
        new("vjp", Cotangent) { Covers = ["ChainOp"] },
    ];

    private static OpCase Cotangent(Generator g)
    {
        Shape shape = g.Shape();
        return new(xs => Transform.Vjp(Ops.Tanh, xs[0], xs[1]).Cotangent, [new(shape), new(shape)],
            a => Naive.Map(a, v =>
            {
                double slope = 1 - (Math.Tanh(v[0]) * Math.Tanh(v[0]));
                return slope == 0 || v[1] == 0 ? 0 : v[1] * slope;
            }));
    }
}
