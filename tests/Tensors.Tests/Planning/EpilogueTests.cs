using Engine.Tensors.Cpu;
using Engine.Tensors.Tests.Cpu;

namespace Engine.Tensors.Tests.Planning;

/// <summary>Which maps become part of the product that they read, and that plans with such kernels give the bits of single ops.</summary>
public sealed class EpilogueTests
{
    private static readonly CpuDevice Device = new(2);
    private static readonly TensorSpec Matrix = new(DType.F32, [33, 20]), Square = new(DType.F32, [20, 20]), Vector = new(DType.F32, [20]);

    [Fact]
    public void BiasAndActivationBecomePartOfAProduct()
    {
        Plan plan = Same(t => [Ops.Relu(t[0].MatMul(t[1]) + t[2])], Matrix, Square, Vector);
        Assert.Equal(["matmul+add+relu"], plan.Steps.Select(s => s.Name));
        Assert.Equal(0, plan.ArenaBytes);
        Assert.Equal(Accumulation.InOrder, plan.Steps[0].Kernel.Order);
        Assert.Contains("matmul+add+relu  b0 f32[33, 20], b1 f32[20, 20], b2 f32[33, 20] -> b5 f32[33, 20]\n", plan.Explain().ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void BiasAndActivationBecomePartOfAConvolution()
    {
        TensorSpec x = new(DType.F32, [3, 2, 9, 9]), w = new(DType.F32, [5, 2, 3, 3]), b = new(DType.F32, [5, 1, 1]);
        Plan plan = Same(t => [Ops.Gelu(Ops.Conv2D(t[0], t[1], padding: 1) + t[2])], x, w, b);
        Assert.Equal(["conv2d+add+gelu"], plan.Steps.Select(s => s.Name));
        Assert.Equal(0, plan.ArenaBytes);
    }

    [Fact]
    public void AProductThatIsReadElsewhereIsAResultToo()
    {
        Plan plan = Same(t =>
        {
            Tensor product = t[0].MatMul(t[1]);
            return [Ops.Tanh(product), product, Ops.Sum(product, [0])];
        }, Matrix, Square);
        Assert.Equal(["matmul+tanh", "sum"], plan.Steps.Select(s => s.Name));
        Assert.NotEqual(plan.Steps[0].Outputs[0].Buffer, plan.Steps[0].Outputs[1].Buffer);
    }

    [Fact]
    public void AMapTakesTheLastOfItsProducts()
    {
        Plan plan = Same(t => [Ops.Sigmoid(t[0].MatMul(t[1]) + t[0].MatMul(t[1] * 2))], Matrix, Square);
        Assert.Equal(["matmul", "multiply", "matmul+add+sigmoid"], plan.Steps.Select(s => s.Name));
    }

    [Fact]
    public void AProductGoesToTheFirstOfItsMaps()
    {
        Plan plan = Same(t =>
        {
            Tensor product = t[0].MatMul(t[1]), first = Ops.Exp(product * 0.1);
            return [first.MatMul(t[1]) * product];
        }, Matrix, Square);
        Assert.Equal(["matmul+multiply+exp", "matmul+multiply"], plan.Steps.Select(s => s.Name));
    }

    [Fact]
    public void WhatLiesBetweenKeepsThemApart()
    {
        Plan plan = Same(t =>
        {
            Tensor product = t[0].MatMul(t[1]);
            return [product * Ops.Sum(product, [0])];
        }, Matrix, Square);
        Assert.Equal(["matmul", "sum", "multiply"], plan.Steps.Select(s => s.Name));
    }

    [Fact]
    public void OtherViewsOfTheProductKeepThemApart()
    {
        Plan plan = Same(t =>
        {
            Tensor product = t[0].MatMul(t[1]);
            return [product + product.Permute(1, 0), product];
        }, Square, Square);
        Assert.Equal(["matmul", "add"], plan.Steps.Select(s => s.Name));
        Assert.Equal(2, Same(t => [Ops.Narrow(t[0].MatMul(t[1]), 0, 3, 7) * 2], Square, Square).Steps.Length);
    }

    [Fact]
    public void ReshapedReadersAreJoined()
    {
        Plan plan = Same(t => [(t[0].MatMul(t[1]).Reshape(11, 3, 20) * 2) + Ops.Iota([11, 3, 20], 1).Cast(DType.F32)], Matrix, Square);
        Assert.Single(plan.Steps, s => s.Kernel is EpilogueKernel);
    }

    [Fact]
    public void APlanThatRunsOnceIsLeftAlone() =>
        Assert.Equal(2, Planner.Make(Graph.Of("test", [Matrix, Square], t => [Ops.Relu(t[0].MatMul(t[1]))]), PlanUse.Once).Steps.Length);

    [Theory]
    [InlineData(DType.F32, 64, 70, 300), InlineData(DType.F64, 65, 33, 100), InlineData(DType.F32, 1, 300, 400), InlineData(DType.F32, 400, 300, 1), InlineData(DType.F32, 700, 40, 500)]
    [InlineData(DType.F32, 5, 0, 7), InlineData(DType.F16, 30, 20, 40), InlineData(DType.F32, 3, 2000, 200)]
    public void EveryShapeGivesTheBitsOfSingleOps(DType type, int m, int k, int n)
    {
        TensorSpec a = new(type, [m, k]), b = new(type, [k, n]), c = new(type, [n]), batched = new(type, [3, m, k]);
        Same(t => [Ops.Gelu(t[0].MatMul(t[1]) + t[2]), t[0].MatMul(t[1]) < t[2]], a, b, c);
        Same(t => [Ops.Where(t[0].MatMul(t[1]) > 0, t[2].Reshape(1, -1), t[0].MatMul(t[1]) * 3)], batched, b, c);
    }

    [Fact]
    public void StateIsUpdatedInPlaceByTheProductOfItsGradient()
    {
        // w goes down its gradient x^T y and m follows it; both are written over.
        TensorSpec w = new(DType.F32, [300, 200]), x = new(DType.F32, [16, 300]), y = new(DType.F32, [16, 200]);
        Plan plan = Same(2, t =>
        {
            Tensor gradient = t[2].T.MatMul(t[3]), mean = (t[1] * 0.9) + (gradient * 0.1);
            return [t[0] - (mean * 0.01), mean];
        }, w, w, x, y);
        Assert.Single(plan.Steps);
        Assert.Equal<int>([0, 1], [.. plan.InPlace]);
        Assert.Equal(BufferKind.Arena, plan.Buffers[plan.Steps[0].Outputs[0].Buffer].Kind);
    }

    [Fact]
    public void AnUpdateDoesNotHoldOnToLargerOperands()
    {
        TensorSpec w = new(DType.F32, [20, 10]), x = new(DType.F32, [500, 20]), y = new(DType.F32, [500, 10]);
        Plan plan = Same(1, t => [t[0] - Ops.Tanh(t[1]).T.MatMul(Ops.Tanh(t[2]))], w, x, y);
        Assert.DoesNotContain(plan.Steps, s => s.Kernel is EpilogueKernel);
        Assert.Equal<int>([0], [.. plan.InPlace]);
    }

    [Fact]
    public void AStateThatTheProductReadsIsUpdatedAfterIt()
    {
        Plan plan = Same(1, t => [Ops.Tanh(t[0].MatMul(t[1]) + t[0])], Square, Square);
        Assert.Equal<int>([0], [.. plan.InPlace]);
        Assert.DoesNotContain(plan.Steps, s => s.Kernel is EpilogueKernel);
    }

    private static Plan Same(Func<Tensor[], Tensor[]> f, params TensorSpec[] specs) => Same(0, f, specs);

    /// <summary>Eager results against those of a compiled function and of a compiled step, whose state tensors are written over.</summary>
    private static Plan Same(int states, Func<Tensor[], Tensor[]> f, params TensorSpec[] specs)
    {
        Graph graph = Graph.Of("test", specs, x => f([.. x]));
        var random = new Random(specs[0].Shape.Count);
        Tensor[] inputs = [.. specs.Select(s => Numbers.Finite(DType.F64, [.. s.Shape.Lengths], random)).Select(t => new Tensor(t.Storage, t.Layout, Device)).Zip(specs, (t, s) => t.Cast(s.DType))];
        Tensor[] eager = f(inputs);
        Plan plan = Planner.Make(graph);
        Compare(Device.Build(plan).Run(inputs), plan);
        Compare(Device.Build(plan with { Use = PlanUse.Steps }).Run(inputs), plan);
        Plan steps = Planner.Make(graph, PlanUse.Steps, states);
        Storage[] arguments = [.. inputs.Select(Copy)], results = [.. eager.Select((r, i) => steps.InPlace.Contains(i) ? arguments[i] : Device.Allocate(r.DType, r.Count))];
        Device.Build(steps).Run(arguments, results);
        Compare([.. eager.Select((r, i) => new Tensor(results[i], Engine.Tensors.Layout.Contiguous(r.Shape), Device))], steps);
        return steps;

        void Compare(Tensor[] actual, Plan made)
        {
            for (int i = 0; i < eager.Length; i++) Views.AssertSame(Views.Bits(eager[i]), Views.Bits(actual[i]), eager[i].DType, made.Explain());
        }
    }

    private static Storage Copy(Tensor tensor)
    {
        Storage storage = Device.Allocate(tensor.DType, tensor.Count);
        byte[] bytes = new byte[tensor.Count * tensor.DType.Size()];
        (tensor + 0).Storage.CopyTo(0, bytes);
        storage.CopyFrom(0, bytes);
        return storage;
    }
}
