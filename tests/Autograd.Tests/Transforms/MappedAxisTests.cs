using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>The axis that vmap maps over leaves the others in their order, wherever it lies.</summary>
public sealed class MappedAxisTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(-1)]
    public void ExamplesAreTheSlices(int axis)
    {
        Tensor x = Ops.RandomNormal(RandomKey.FromSeed(1), [2, 3, 4, 5], DType.F64), weights = Ops.RandomNormal(RandomKey.FromSeed(2), [6], DType.F64);
        Tensor f(Tensor example, Tensor w) => example * Ops.Iota(example.Shape[^1]).Cast(DType.F64) + w[..1].Reshape();
        Tensor mapped = Vmap((a, b) => f(a, b), axis, null)(x, weights);
        int at = axis < 0 ? axis + 4 : axis;
        Assert.Equal(x.Shape[at], mapped.Shape[0]);
        for (int i = 0; i < x.Shape[at]; i++)
        {
            Tensor slice = Ops.Narrow(x, at, i, 1), expected = f(Ops.Squeeze(slice, at), weights);
            Assert.Equal(expected.Shape, mapped[i].Shape);
            Assert.Equal(expected.ToArray<double>(), mapped[i].ToArray<double>());
        }
    }
}
