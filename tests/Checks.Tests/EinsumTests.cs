using Engine.Tensors;

namespace Engine.Checks.Tests;

/// <summary>Einsum by hand and by numpy, its order of contraction, and what it says of strings that do not fit.</summary>
public sealed class EinsumTests
{
    private static readonly Tensor A = Tensor.Of(new[,] { { 1.0, 2 }, { 3, 4 } }), B = Tensor.Of(new[,] { { 5.0, 6 }, { 7, 8 } });

    [Theory]
    [InlineData("ij,jk->ik", new[] { 19.0, 22, 43, 50 })]
    [InlineData("ij,jk", new[] { 19.0, 22, 43, 50 })]
    [InlineData("ij,jk->ki", new[] { 19.0, 43, 22, 50 })]
    [InlineData("Ab,bC->CA", new[] { 19.0, 43, 22, 50 })]
    [InlineData("ij,ij->", new[] { 70.0 })]
    [InlineData("ij,ji", new[] { 69.0 })]
    [InlineData("ii,jk->jik", new[] { 5.0, 6, 20, 24, 7, 8, 28, 32 })]
    [InlineData(" i j , i j -> i j ", new[] { 5.0, 12, 21, 32 })]
    [InlineData("ba,bc->a", new[] { 56.0, 82 })]
    [InlineData("...j,...j->...", new[] { 17.0, 53 })]
    [InlineData("i...,...", new[] { 5.0, 15, 12, 24, 7, 21, 16, 32 })]
    [InlineData("ij,kl->ljki", new[] { 5.0, 15, 7, 21, 10, 20, 14, 28, 6, 18, 8, 24, 12, 24, 16, 32 })]
    public void TwoMatricesAsInNumpy(string subscripts, double[] expected) => Assert.Equal(expected, Ops.Einsum(subscripts, A, B).ToArray<double>());

    [Fact]
    public void OneOperand()
    {
        Assert.Equal([1.0, 3, 2, 4], Ops.Einsum("ba", A).ToArray<double>());
        Assert.Equal([5.0], Ops.Einsum("ii", A).ToArray<double>());
        Assert.Equal([1.0, 4], Ops.Einsum("ii->i", A).ToArray<double>());
        Assert.Equal([4.0, 6], Ops.Einsum("ij->j", A).ToArray<double>());
        Assert.Equal([6.0, 8], Ops.Einsum("iij->j", Tensor.Of([0.0, 1, 2, 3, 4, 5, 6, 7]).Reshape(2, 2, 2)).ToArray<double>());
        Assert.Equal([7.0], Ops.Einsum("", Tensor.Scalar(7, DType.F64)).ToArray<double>());
    }

    [Fact]
    public void NothingToSumIsZero() => Assert.Equal([0.0, 0, 0, 0], Ops.Einsum("ij,jk", Tensor.Zeros([2, 0], DType.F64), Tensor.Zeros([0, 2], DType.F64)).ToArray<double>());

    [Fact]
    public void TheOrderOfContractionKeepsProductsSmall()
    {
        // From left to right the first product would hold 4 10^8 elements for each of 9 sums.
        Tensor a = Tensor.Full(1, [20_000, 3]), b = Tensor.Full(2, [20_000, 3]), c = Tensor.Full(0.5, [3, 3]);
        Tensor result = Ops.Einsum("ia,jb,ab,j->i", a, b, c, Tensor.Full(1, [20_000]));
        Assert.Equal(9 * 20_000f, result.ToArray<float>()[7]);
    }

    [Fact]
    public void HalfWidthOperandsAreRoundedOnce()
    {
        // 1.5 (1 + 2^-10) rounded to f16, and times 1.5 rounded again, would be 2.25390625.
        Tensor x = Tensor.Of([1.5f]).Cast(DType.F16), y = Tensor.Of([1 + (1f / 1024)]).Cast(DType.F16);
        Assert.Equal([2.251953125f], Ops.Einsum("i,i,i->i", x, y, x).Cast(DType.F32).ToArray<float>());
    }

    [Theory]
    [InlineData("ij", "einsum: in 'ij', terms for 1 operands, got 2; separate operands by commas, one term for each.")]
    [InlineData("ijk,jk", "einsum: in 'ijk,jk', term 0 'ijk' names 3 axes, but the operand [2, 2] has 2; name every axis, or write ... for the rest.")]
    [InlineData("ij,j...kl", "einsum: in 'ij,j...kl', term 1 'j...kl' names 3 axes, but the operand [2, 2] has 2; name fewer.")]
    [InlineData("i1,jk", "einsum: in 'i1,jk', '1' in term 0 'i1' is no subscript; take letters a-z and A-Z, at most one '...', commas and '->'.")]
    [InlineData("......,jk", "einsum: in '......,jk', '.' in term 0 '......' is no subscript; take letters a-z and A-Z, at most one '...', commas and '->'.")]
    [InlineData("ij,jk->il", "einsum: in 'ij,jk->il', subscript 'l' of the output stands in no operand; remove it, or broadcast the result afterwards.")]
    [InlineData("ij,jk->ii", "einsum: in 'ij,jk->ii', subscript 'i' stands twice in the output 'ii'; use Ops.Diag on the result.")]
    [InlineData("ij,jk->i->k", "einsum: in 'ij,jk->i->k', '-' in the output 'i->k' is no subscript; take letters a-z and A-Z, at most one '...', commas and '->'.")]
    [InlineData("i...,jk->i", "einsum: in 'i...,jk->i', the output 'i' leaves out the 1 axes of '...'; write '...' there, or name these axes to sum over them.")]
    public void StringsThatAreNoEinsum(string subscripts, string message) =>
        Assert.Equal(message, Assert.Throws<ShapeException>(() => Ops.Einsum(subscripts, A, B)).Message);

    [Fact]
    public void OperandsThatDoNotFit()
    {
        Tensor three = Tensor.Zeros([3, 2], DType.F64);
        Assert.Equal(
            "einsum: in 'ij,jk', subscript 'j' has length 2 in operand 0 and 3 in operand 1; it must have one length.",
            Assert.Throws<ShapeException>(() => Ops.Einsum("ij,jk", A, three)).Message);
        Assert.Equal(
            "einsum: in '...k,...k', axis -1 of the ellipsis has length 2 in operand 0 and 3 in operand 1; it must have one length, or 1.",
            Assert.Throws<ShapeException>(() => Ops.Einsum("...k,...k", A, three)).Message);
        Assert.Equal(
            "einsum: in 'ii', subscript 'i' has length 3 in operand 0 and 2 in operand 0; it must have one length.",
            Assert.Throws<ShapeException>(() => Ops.Einsum("ii", three)).Message);
        Assert.Equal("einsum: in 'i', terms for 1 operands, got 0; separate operands by commas, one term for each.", Assert.Throws<ShapeException>(() => Ops.Einsum("i")).Message);
        Assert.Equal(
            "einsum: element types differ, got f64 and f32. Cast one: x.Cast(DType.F64).",
            Assert.Throws<DTypeException>(() => Ops.Einsum("ij,jk", A, A.Cast(DType.F32))).Message);
        Assert.Equal("einsum: takes a floating type, got i32. Cast first: x.Cast(DType.F32).", Assert.Throws<DTypeException>(() => Ops.Einsum("i", Tensor.Of([1, 2]))).Message);
    }
}
