using System.Numerics;
using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>Complex arithmetic against that of System.Numerics.</remarks>
internal static class ComplexRows
{
    public static OpInfo[] All { get; } =
    [
        new("complexOps.fromParts", FromParts),
        new("complexOps.fromReal", g =>
        {
            Shape shape = g.Shape(maxRank: 3);
            return new(xs => ComplexOps.FromReal(xs[0]), [new(shape)], a => Naive.WithImaginary(a[0]));
        }),
        Parts("complexOps.real", ComplexOps.Real, z => z.Real, wild: true),
        Parts("complexOps.imaginary", ComplexOps.Imaginary, z => z.Imaginary, wild: true),
        new("complexOps.conjugate", g => Numbers(g, ComplexOps.Conjugate, Complex.Conjugate, wild: true)),
        new("complexOps.multiply", g => Pairs(g, ComplexOps.Multiply, Complex.Multiply, (-2, 2))) { Domains = "[-2, 2]" },
        new("complexOps.divide", g => Pairs(g, ComplexOps.Divide, Complex.Divide, (0.5, 2)))
        {
            Domains = "[-2, 2], [0.5, 2]", Note = "divisors away from 0", SingleTolerance = 5e-6,
        },
        new("complexOps.matMul", MatMul),
        new("complexOps.exp", g => Numbers(g, ComplexOps.Exp, Complex.Exp, wild: false)),
        Parts("complexOps.abs", ComplexOps.Abs, Complex.Abs, wild: false),
        Parts("complexOps.angle", ComplexOps.Angle, z => z.Phase, wild: false),
        new("complexOps.innerProduct", InnerProduct),
    ];

    private static Shape Complexes(Shape shape) => shape.Insert(shape.Rank, 2);

    /// <summary>A real number of each complex one; away from both axes, where absolute values and angles have kinks.</summary>
    private static OpInfo Parts(string name, Func<Tensor, Tensor> function, Func<Complex, double> part, bool wild) => new(name, g =>
    {
        Shape shape = g.Shape(maxRank: 3);
        return new(
            xs => function(xs[0]), [new(Complexes(shape)) { TakesWild = wild, Kinks = [0] }],
            a => Grid.Build(shape, index => part(Naive.ComplexAt(a[0], index))));
    });

    private static OpCase Numbers(Generator g, Func<Tensor, Tensor> function, Func<Complex, Complex> reference, bool wild)
    {
        Shape shape = g.Shape(maxRank: 3);
        return new(xs => function(xs[0]), [new(Complexes(shape)) { TakesWild = wild }], a => Naive.MapComplexes([a[0]], z => reference(z[0])));
    }

    private static OpCase Pairs(Generator g, Func<Tensor, Tensor, Tensor> function, Func<Complex, Complex, Complex> reference, Domain second)
    {
        Shape shape = g.Shape(maxRank: 3);
        return new(
            xs => function(xs[0], xs[1]),
            [new(Complexes(g.Broadcastable(shape))) { TakesWild = false }, new(Complexes(g.Broadcastable(shape))) { Domain = second, TakesWild = false }],
            a => Naive.MapComplexes(a, z => reference(z[0], z[1])));
    }

    private static OpCase FromParts(Generator g)
    {
        Shape shape = g.Shape(maxRank: 3);
        return new(xs => ComplexOps.FromParts(xs[0], xs[1]), [new(g.Broadcastable(shape)), new(g.Broadcastable(shape))], a =>
        {
            Grid real = Naive.Map(a, v => v[0]), imaginary = Naive.Map(a, v => v[1]);
            return Grid.Build(Complexes(real.Shape), index => index[^1] == 0 ? real[index.AsSpan(..^1)] : imaginary[index.AsSpan(..^1)]);
        });
    }

    private static OpCase MatMul(Generator g)
    {
        Shape batch = g.Pick<Shape>([], [g.Integer(0, 3)], [2, g.Integer(1, 2)]);
        int m = g.Length(1, 3), k = g.Length(0, 4), n = g.Length(1, 3);
        Shape a = g.Broadcastable(batch), b = g.Broadcastable(batch);
        return new(
            xs => ComplexOps.MatMul(xs[0], xs[1]),
            [new(a.Concat([m, k, 2])) { TakesWild = false }, new(b.Concat([k, n, 2])) { TakesWild = false }],
            v => Naive.MatMulComplexes(v[0], v[1]));
    }

    private static OpCase InnerProduct(Generator g)
    {
        Shape shape = g.Shape(maxRank: 2);
        int n = g.Length(0, 5);
        return new(
            xs => ComplexOps.InnerProduct(xs[0], xs[1]),
            [new(g.Broadcastable(shape).Concat([n, 2])) { TakesWild = false }, new(g.Broadcastable(shape).Concat([n, 2])) { TakesWild = false }],
            a =>
            {
                Grid products = Naive.MapComplexes(a, z => Complex.Conjugate(z[0]) * z[1]);
                return Naive.Reduce(products, [products.Rank - 2], false, line => line.Sum());
            });
    }
}
