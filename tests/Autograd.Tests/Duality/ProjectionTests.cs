using Engine.Autograd.Duality;
using Engine.Autograd.Tests.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Duality;

public sealed class ProjectionTests
{
    // W W^T = [[25, 7], [7, 4]]: rows over the roots of 32 and 11; with p = (log 2, 0) over those of 25 + 7/2 and 4 + 14.
    [Fact]
    public void RowsAreDividedByRootsOfSumsOfProducts()
    {
        Tensor w = Tensor.Of(new[,] { { 3.0, 4, 0 }, { 1, 1, Math.Sqrt(2) } });
        double[] rows = w.ToArray<double>();
        Given.Near([.. rows.Select((v, i) => v / Math.Sqrt(i < 3 ? 32 : 11))], Projections.Sll(w));
        Given.Near([.. rows.Select((v, i) => v / Math.Sqrt(i < 3 ? 28.5 : 18))], Projections.Sll(w, Tensor.Of([Math.Log(2), 0])));
    }

    [Fact]
    public void TheSpectralNormIsAtMostOne()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            RandomKey key = RandomKey.FromSeed(seed);
            Tensor w = Ops.RandomNormal(key, [3, 2 + (seed % 5), 2 + (seed % 7)], DType.F64) * Math.Exp((seed % 9) - 4);
            Tensor p = Ops.RandomNormal(key.Fold(1), [w.Shape[1]], DType.F64);
            foreach (Tensor inside in (Tensor[])[Projections.Sll(w), Projections.Sll(w, p)])
            {
                Assert.InRange(MatrixNorms.Spectral.Of(inside).ToScalar<double>(), 0, 1 + 1e-12);
                // What is inside by the same measure stays.
                Given.Near((inside * 0.1).ToArray<double>(), Projections.Sll(inside * 0.1), 1e-12);
            }
        }
        Tensor turn = Polar.Factor(Ops.RandomNormal(RandomKey.FromSeed(3), [4, 6], DType.F64), PolarAccuracy.Exact);
        Given.Near(turn.ToArray<double>(), Projections.Sll(turn));
        Assert.Equal([0.0, 0, 0, 0], Projections.Sll(Tensor.Zeros([2, 2], DType.F64)).ToArray<double>());
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Tensor w = Tensor.Zeros([2, 3]);
        Assert.Equal("sll: one scale for each of the 2 rows is needed, got [3].", Given.Message<ShapeException>(() => Projections.Sll(w, Tensor.Zeros([3]))));
        Assert.Equal("sll: takes matrices [.., out, in], got [3]. Add the axes that are missing: x.Reshape(m, n).", Given.Message<ShapeException>(() => Projections.Sll(Tensor.Zeros([3]))));
        Assert.Equal("sll: takes a floating type, got i32. Cast first: x.Cast(DType.F32).", Given.Message<DTypeException>(() => Projections.Sll(w.Cast(DType.I32))));
    }
}
