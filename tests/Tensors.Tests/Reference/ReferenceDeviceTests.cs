using Engine.Tensors.Reference;

namespace Engine.Tensors.Tests.Reference;

public sealed class ReferenceDeviceTests
{
    private static readonly ReferenceDevice Device = KernelRunner.Device;

    [Fact]
    public void OpsRunOnViews()
    {
        Tensor x = Tensor.Of([1.0, 2, 3, 4, 5, 6], [2, 3], Device);
        Tensor y = x.T + Tensor.Of([10.0, 20], Device);

        Assert.Equal([11.0, 24, 12, 25, 13, 26], y.ToArray<double>());
        Assert.Same(Device, y.Device);
        Assert.Equal([3.0, 2, 1, 6, 5, 4], (Ops.Flip(x, 1) * 1).ToArray<double>());
        Assert.Equal([6.0, 15], Ops.Sum(x.T, [0]).ToArray<double>());
    }

    [Fact]
    public void HalfWidthRoundsEveryOp()
    {
        Tensor x = Tensor.Of([(Half)2048, (Half)0.1], Device);

        Assert.Equal([(Half)2048, (Half)1.1], (x + Tensor.Of([(Half)1, (Half)1], Device)).ToArray<Half>());
    }

    [Fact]
    public void SharesMemoryWithTheCpu() => Assert.Equal(Tensors.Device.Cpu.MemorySpace, Device.MemorySpace);

    [Fact]
    public void PlansRunStepsInOrder()
    {
        // y = (x + c) * 2 over an arena buffer; argument and constant are views; results are y, and x + c read backwards.
        Tensor constant = Ops.Flip(Tensor.Of([30f, 20, 10], Device));
        Layout vector = Layout.Contiguous([3]);
        Expr a = Expr.Input(0, DType.F32);
        Operand x = new(0, DType.F32, vector), c = new(1, DType.F32, vector), sum = new(2, DType.F32, vector), y = new(3, DType.F32, vector);
        var plan = new Plan(
            [new(DType.F32, [3])],
            [constant],
            [new(BufferKind.Input, DType.F32, 3, 0), new(BufferKind.Constant, DType.F32, 3, 0), new(BufferKind.Arena, DType.F32, 3, 0), new(BufferKind.Result, DType.F32, 3, 0)],
            [
                new PlanStep("add", new MapKernel(a + Expr.Input(1, DType.F32)), [x, c], [sum]),
                new PlanStep("multiply", new MapKernel(a * 2), [sum], [y]),
            ],
            [y, sum with { Layout = new Layout([3], [-1], 2) }],
            12);
        Executable executable = Device.Build(plan);
        Tensor argument = Ops.Flip(Tensor.Of([3f, 2, 1], Device));

        Tensor[] results = executable.Run([argument]);
        Assert.Same(plan, executable.Plan);
        Assert.Equal([22f, 44, 66], results[0].ToArray<float>());
        Assert.Equal([33f, 22, 11], results[1].ToArray<float>());

        Storage input = Tensor.Wrap([1f, 2, 3], [3]).Storage, first = Device.Allocate(DType.F32, 3), second = Device.Allocate(DType.F32, 3);
        executable.Run([input], [first, second]);
        float[] got = new float[3];
        first.CopyTo(0, System.Runtime.InteropServices.MemoryMarshal.AsBytes(got.AsSpan()));
        Assert.Equal([22f, 44, 66], got);

        Assert.Equal("run: the plan has 1 inputs, got 0.", Assert.Throws<ShapeException>(() => executable.Run([])).Message);
        Assert.Equal("run: input 0 must be f32[3], got f64[3]. A plan serves one set of specs.",
            Assert.Throws<ShapeException>(() => executable.Run([Tensor.Wrap([1.0, 2, 3], [3])])).Message);
    }

    [Fact]
    public void AnUnknownKernelIsNamed()
    {
        var error = Assert.Throws<DeviceException>(() => KernelRunner.Run<float>("strange", new StrangeKernel(), [1], []));

        Assert.Equal("strange: the reference device has no meaning for StrangeKernel.", error.Message);
    }

    private sealed record StrangeKernel : Kernel;
}
