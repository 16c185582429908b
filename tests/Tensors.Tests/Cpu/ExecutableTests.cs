using System.Collections.Immutable;
using Engine.Tensors.Cpu;
using Engine.Testing;

namespace Engine.Tensors.Tests.Cpu;

public sealed class ExecutableTests
{
    private static readonly CpuDevice Device = new(2);
    private static readonly TensorSpec Matrix = new(DType.F32, [2, 3]);

    [Fact]
    public void ResultsMayViewAnyBuffer()
    {
        Tensor constant = Tensor.Of([10f, 20, 30, 40, 50, 60], [2, 3]);
        Executable executable = Device.Build(AnyViewPlan(constant));
        // A column-major argument and one that starts inside of its storage.
        Tensor x = Tensor.Of([1f, 4, 2, 5, 3, 6], [3, 2]).T;
        Tensor y = Ops.Narrow(Tensor.Of([0f, 0, 0, 1, 2, 3, 4, 5, 6], [3, 3]), 0, 1, 2);
        float[][] expected =
        [
            [2, 4, 6, 8, 10, 12], [2, 8, 4, 10, 6, 12], [12, 24, 36, 48, 60, 72], [1, 2, 3, 4, 5, 6], [1, 4, 2, 5, 3, 6], [10, 40, 20, 50, 30, 60], [3, 6],
        ];
        for (int repeat = 0; repeat < 3; repeat++)
        {
            foreach (Tensor argument in (Tensor[])[x, y])
            {
                Tensor[] results = executable.Run([argument]);
                for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], results[i].ToArray<float>());
                Storage[] memory = [.. executable.Plan.Results.Select(r => Device.Allocate(r.DType, r.Layout.Shape.Count))];
                Storage input = Device.Allocate(DType.F32, 6);
                input.CopyFrom(0, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>([1, 2, 3, 4, 5, 6]));
                executable.Run([input], memory);
                for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], ((HostStorage)memory[i]).Span<float>().ToArray());
                for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], results[i].ToArray<float>());
            }
        }
    }

    [Fact]
    public void ResultsAreFreshInEveryRun()
    {
        Executable executable = Device.Build(AnyViewPlan(Tensor.Ones([2, 3])));
        Tensor[] first = executable.Run([Tensor.Of([1f, 2, 3, 4, 5, 6], [2, 3])]);
        float[] before = first[0].ToArray<float>();
        executable.Run([Tensor.Zeros([2, 3])]);
        Assert.Equal(before, first[0].ToArray<float>());
    }

    [Fact]
    public void RunningIntoStoragesAllocatesNothing()
    {
        Plan plan = AnyViewPlan(Tensor.Of([10f, 20, 30, 40, 50, 60], [2, 3]));
        Executable executable = Device.Build(plan);
        Storage[] inputs = [Device.Allocate(DType.F32, 6)], results = [.. plan.Results.Select(r => Device.Allocate(r.DType, r.Layout.Shape.Count))];
        for (int i = 0; i < 3; i++) executable.Run(inputs, results);
        Assert.Equal(0, Allocations.Of(10, () => executable.Run(inputs, results)));
    }

    [Fact]
    public void EveryKernelRunsWithoutAllocating()
    {
        Tensor image = Tensor.Ones([4, 2, 20, 20]), w = Tensor.Ones([8, 2, 3, 3]);
        Graph graph = Graph.Of("compile", [new(DType.F32, [64, 50]), new(DType.F32, [4, 2, 20, 20]), new(DType.I64, [9])], t =>
        {
            Tensor x = t[0], product = x.MatMul(x.T), conv = Ops.Conv2D(t[1], w, padding: 1);
            return [product.Sum(), x.Max(1), Ops.ArgMax(x), Ops.CumSum(x), Ops.ArgSort(x), Ops.Take(x, t[2]), Ops.Pad(x, [1, 1], [2, 2]), Ops.Concat([x, x * 2.0], 1),
                conv.Sum(0, 2, 3), Ops.Exp(x) + x.T.Reshape(64, 50), new ScatterAddOp(0, 0, 12).Apply(Ops.Take(x, t[2]), t[2])];
        });
        Executable executable = Device.Build(Planner.Make(graph));
        Storage[] inputs = [Device.Allocate(DType.F32, 3200), Device.Allocate(DType.F32, 3200), Device.Allocate(DType.I64, 9)];
        ((HostStorage)inputs[0]).Span<float>().Fill(1);
        ((HostStorage)inputs[1]).Span<float>().Fill(1);
        ((HostStorage)inputs[2]).Span<long>().Fill(3);
        Storage[] results = [.. executable.Plan.Results.Select(r => Device.Allocate(r.DType, r.Layout.Shape.Count))];
        for (int i = 0; i < 5; i++) executable.Run(inputs, results);
        Assert.Equal(0, Allocations.Of(10, () => executable.Run(inputs, results)));
    }

    [Fact]
    public void WrongArgumentsAreNamed()
    {
        Executable executable = Device.Build(AnyViewPlan(Tensor.Ones([2, 3])));
        Assert.Equal("run: argument 0 of the plan is f32[2, 3], got f32[3, 2].", Assert.Throws<ShapeException>(() => executable.Run([Tensor.Ones([3, 2])])).Message);
        Assert.Equal("run: the plan takes 1 tensors, got 0.", Assert.Throws<ShapeException>(() => executable.Run([])).Message);
    }

    [Fact]
    public async Task ConcurrentEagerCallersShareADevice()
    {
        var device = new CpuDevice(2);
        Tensor x = Numbers.Finite(DType.F32, [200, 300], new Random(1));
        ulong[] expected = KernelOp.Run(device, new ReduceKernel(ReduceOp.Sum, Axes.Of([0], x.Shape, "test")), DType.F32, [300], x);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 200; i++)
                Assert.Equal(expected, KernelOp.Run(device, new ReduceKernel(ReduceOp.Sum, Axes.Of([0], x.Shape, "test")), DType.F32, [300], x));
        })));
    }

    [Fact]
    public void EagerCallsOfAKnownOpAllocateNothing()
    {
        Tensor x = Tensor.Ones([30, 40]), output = Views.Output(Device, DType.F32, 30, 40);
        Tensor[] inputs = [x, x], outputs = [output];
        for (int i = 0; i < 3; i++) Device.Run(AddOp.Instance, inputs, outputs);
        Assert.Equal(0, Allocations.Of(10, () => Device.Run(AddOp.Instance, inputs, outputs)));
    }

    /// <summary>d = x + x into a result, s = d + c into the arena and again into the arena; results view all of them, and the input, and the constant.</summary>
    private static Plan AnyViewPlan(Tensor constant)
    {
        Engine.Tensors.Layout rows = Engine.Tensors.Layout.Contiguous([2, 3]), columns = rows.Permute([1, 0]);
        var sum = new MapKernel(Expr.Input(0, DType.F32) + Expr.Input(1, DType.F32));
        ImmutableArray<PlanBuffer> buffers =
        [
            new(BufferKind.Input, DType.F32, 6, 0), new(BufferKind.Constant, DType.F32, 6, 0), new(BufferKind.Result, DType.F32, 6, 0),
            new(BufferKind.Arena, DType.F32, 6, 64), new(BufferKind.Result, DType.F32, 6, 1),
        ];
        Operand at(int buffer, Engine.Tensors.Layout? layout = null) => new(buffer, DType.F32, layout ?? rows);
        ImmutableArray<PlanStep> steps =
        [
            new("add", sum, [at(0), at(0)], [at(2)]),
            new("add", sum, [at(2), at(1)], [at(3)]),
            new("add", sum, [at(0), at(0)], [at(4)]),
        ];
        // Buffer 4 is shown only transposed or in part, buffer 2 twice.
        ImmutableArray<Operand> results =
        [
            at(2), at(4, columns), at(3), at(0), at(0, columns), at(1, columns), at(0, new([2], [3], 2)),
        ];
        return new Plan([Matrix], [constant], buffers, steps, results, 128);
    }
}
