using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Core;

public sealed class TensorTextTests
{
    [Fact]
    public void ShowsTypeShapeAndValues()
    {
        Assert.Equal("f32[3] [0.5, -1, 2]", Tensor.Of([0.5f, -1f, 2f]).ToString());
        Assert.Equal("i64[2, 2] [[1, 2], [3, 4]]", Tensor.Of(new long[,] { { 1, 2 }, { 3, 4 } }).ToString());
        Assert.Equal("f64[] 3", Tensor.Scalar(3, DType.F64).ToString());
        Assert.Equal("bool[2] [true, false]", Tensor.Of([true, false]).ToString());
        Assert.Equal("f16[1] [1.5]", Tensor.Of([(Half)1.5]).ToString());
        Assert.Equal("f32[0] []", Tensor.Zeros([0]).ToString());
        Assert.Equal("f32[2] [NaN, -Infinity]", Tensor.Of([float.NaN, float.NegativeInfinity]).ToString());
    }

    [Fact]
    public void LeavesOutTheMiddleOfLongAxes() =>
        Assert.Equal("i64[100] [0, 1, 2, ..., 97, 98, 99]", Ops.Iota(100).ToString());

    [Fact]
    public void ShowsViewsByTheirLogicalOrder() =>
        Assert.Equal("i32[2, 2] [[1, 3], [2, 4]]", Tensor.Of(new[,] { { 1, 2 }, { 3, 4 } }).T.ToString());

    [Fact]
    public void SymbolicTensorsTellWhereTheyComeFrom()
    {
        using var trace = new Trace("grad", readable: true);
        Tensor x = trace.Input(new(DType.F32, [3]));
        Assert.Equal("f32[3] (input in grad)", x.ToString());
        Assert.Equal("f32[3] (tanh in grad)", Ops.Tanh(x).ToString());
    }

    [Fact]
    public void MovingBetweenCpuDevicesSharesMemory()
    {
        Tensor x = Tensor.Of([1f, 2f]);
        var one = new CpuDevice(1);
        Tensor moved = x.To(one);
        Assert.Same(one, moved.Device);
        Assert.Same(x.Storage, moved.Storage);
        Assert.Same(one, (moved + x).Device);
        Assert.Equal([2f, 4f], (moved + x).ToArray<float>());
    }
}
