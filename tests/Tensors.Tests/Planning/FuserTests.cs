using Engine.Tensors.Cpu;
using Engine.Tensors.Tests.Cpu;

namespace Engine.Tensors.Tests.Planning;

/// <summary>Fused plans give the bits of single ops, and fuse what they should.</summary>
public sealed class FuserTests
{
    private static readonly CpuDevice Device = new(2);

    public static readonly TheoryData<int, int> RowShapes = new()
    {
        { 1, 1 }, { 1, 2 }, { 3, 1 }, { 5, 2 }, { 33, 3 }, { 100, 10 }, { 7, 16 }, { 9, 63 }, { 9, 64 }, { 9, 65 }, { 20, 191 }, { 20, 200 }, { 300, 33 }, { 4, 1000 }, { 2, 4096 }, { 2, 4097 }, { 0, 5 },
    };

    [Theory, MemberData(nameof(RowShapes))]
    public void RowsGiveTheBitsOfSingleOps(int rows, int columns)
    {
        foreach (DType type in (DType[])[DType.F32, DType.F64, DType.F16])
        {
            foreach (Tensor x in Views.Of(DType.F64, [rows, columns], new Random(1)).Select(v => Tame(v).Cast(type)))
            {
                Same(t => Ops.Softmax(t), x);
                Same(t => Ops.LogSoftmax(t), x);
                Same(t => Ops.LogSumExp(t, [-1]), x);
                Same(Normalized, x);
                if (rows > 0) Same(t => Ops.Softmax(t, 0), x);
            }
        }
    }

    [Fact]
    public void StridedOperandsGiveTheBitsOfSingleOps()
    {
        foreach (int[] shape in (int[][])[[6, 5], [6, 300], [3, 4, 5], [2, 3, 70], [70, 3, 2]])
        {
            foreach (Tensor view in Views.Of(DType.F64, shape, new Random(2)))
            {
                var x = new Tensor(view.Storage, view.Layout, Device);
                Tensor scale = Tensor.Of(Enumerable.Range(0, shape[^1]).Select(i => i / 7.0).ToArray(), [shape[^1]], Device);
                Tensor perRow = Ops.Sum(x.Like(1).BroadcastTo(shape), [-1], keepDims: true);
                Same(t => (Ops.Softmax(t) * scale) + Ops.Max(t * perRow, [-1], keepDims: true), x);
                if (shape.Length == 3) Same(t => t - Ops.Sum(Ops.Exp(t), [1, 2], keepDims: true), x);
            }
        }
    }

    [Theory, InlineData(2), InlineData(10), InlineData(33), InlineData(300)]
    public void SumsOfNegativeZerosArePositiveZero(int columns)
    {
        float[] zeros = new float[40 * columns];
        Array.Fill(zeros, -0f);
        Same(t => t - Ops.Sum(t, [-1], keepDims: true), Tensor.Of(zeros, [40, columns]));
    }

    [Fact]
    public void SoftmaxIsOneKernel() => Assert.Single(Plan(t => Ops.Softmax(t), [32, 1000]).Steps);

    [Fact]
    public void LayerNormIsOneKernel() => Assert.Single(Plan(Normalized, [32, 1000]).Steps);

    [Fact]
    public void ChainsAreOneKernelWithTheResultsThatAreRead()
    {
        Plan plan = Plan(t => Ops.Exp(t * 2) + (t * 2), [50]);
        Assert.Single(plan.Steps);
        Assert.Single(plan.Steps[0].Outputs);
        Assert.Equal(0, plan.ArenaBytes);
    }

    [Fact]
    public void EqualOpsAreComputedOnce()
    {
        Plan plan = Plan(t => Ops.MatMul(t, t) + Ops.MatMul(t, t), [5, 5]);
        Assert.Equal(["matmul+add"], plan.Steps.Select(s => s.Name));
    }

    [Fact]
    public void AStepBetweenTwoOthersKeepsThemApart()
    {
        // exp and the last add could be one kernel, but the product lies between them.
        Func<Tensor, Tensor> f = t =>
        {
            Tensor e = Ops.Exp(t);
            return e + Ops.MatMul(e, t);
        };
        Plan plan = Plan(f, [6, 6]);
        Assert.Equal(["exp", "matmul+add"], plan.Steps.Select(s => s.Name));
        Same(f, Views.Contiguous(DType.F32, [6, 6], new Random(3)));
    }

    [Fact]
    public void ATransposedReaderIsNotFused()
    {
        Func<Tensor, Tensor> f = t =>
        {
            Tensor e = Ops.Exp(t);
            return e + e.Permute(1, 0);
        };
        Assert.Equal(2, Plan(f, [6, 6]).Steps.Length);
        Same(f, Views.Contiguous(DType.F32, [6, 6], new Random(4)));
    }

    [Fact]
    public void AProductReadTransposedIsComputedTransposed()
    {
        Func<Tensor, Tensor> f = t => Ops.MatMul(t.Permute(1, 0), t * 2).Permute(1, 0) + 1;
        Plan plan = Plan(f, [9, 6]);
        // A map could not read it turned around.
        Assert.Equal("matmul+add", plan.Steps[^1].Name);
        Same(f, Views.Contiguous(DType.F32, [9, 6], new Random(5)));
        Same(t => Ops.Sum(Ops.MatMul(t, t.Permute(0, 2, 1)).Permute(0, 2, 1) * 3, [0]), Views.Contiguous(DType.F32, [4, 3, 7], new Random(6)));
    }

    [Fact]
    public void AnOuterProductJoinsItsReader()
    {
        Func<Tensor, Tensor> f = t => (Ops.MatMul(t.Reshape(-1, 1), t.Reshape(1, -1)) * 2) + 1;
        Assert.Single(Plan(f, [200]).Steps);
        foreach (Tensor x in Views.Of(DType.F32, [233], new Random(7))) Same(f, Tame(x));
        // -0 + 0 is +0, as in the product.
        Same(t => Ops.MatMul(t.Reshape(-1, 1), t.Reshape(1, -1)), Tensor.Of([.. Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? -0f : i - 100f)]));
        Same(t => Ops.MatMul(t.Reshape(2, 200, 1), t.Reshape(2, 1, 200)), Tensor.Of([.. Enumerable.Range(0, 400).Select(i => i - 200f)]));
    }

    // Above the diagonal of a symmetric product are copies, which an elementwise kernel would not give: a_i (c a_j) and a_j (c a_i) round apart.
    [Fact]
    public void ASymmetricOuterProductStaysAProduct()
    {
        Tensor x = Views.Contiguous(DType.F32, [200, 1], new Random(8));
        float[] y = Function.Compile((Tensor t) => Ops.SymmetricMatMul(t, (t * 1.7f).T)).Invoke(x).ToArray<float>();
        for (int i = 0; i < 200; i++)
            for (int j = 0; j < i; j++) Assert.Equal(y[(i * 200) + j], y[(j * 200) + i]);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void RandomProgramsGiveTheBitsOfSingleOps(int seed)
    {
        var random = new Random(seed);
        int fused = 0;
        for (int program = 0; program < 400; program++)
        {
            int[] shape = [random.Next(1, 6), random.Next(1, 4) switch { 1 => random.Next(1, 6), 2 => random.Next(1, 80), _ => random.Next(180, 260) }];
            int choices = random.Next();
            Func<Tensor, Tensor> f = t => Program(t, new Random(choices));
            Tensor x = Tame(Views.Contiguous(DType.F64, shape, random)).Cast(random.Next(2) == 0 ? DType.F32 : DType.F64);
            Plan plan = Same(f, x, emitted: program % 4 == 0);
            if (plan.Steps.Any(s => s.Kernel is RowsKernel)) fused++;
        }
        Assert.InRange(fused, 100, 400);
    }

    /// <summary>Ops on elements, rows and columns, each on values made before.</summary>
    private static Tensor Program(Tensor x, Random random)
    {
        List<Tensor> values = [x];
        int steps = random.Next(3, 20);
        for (int i = 0; i < steps; i++)
        {
            Tensor a = values[random.Next(values.Count)], b = values[random.Next(values.Count)];
            values.Add(random.Next(14) switch
            {
                0 => a + b,
                1 => a * b,
                2 => Ops.Tanh(a),
                3 => Ops.Where(a < b, a + (b * 0), b * 0.5),
                4 => Ops.Sum(a, [-1], keepDims: true),
                5 => Ops.Max(a, [-1], keepDims: true),
                6 => Ops.Sum(a, [0], keepDims: true),
                7 => a - 0.25,
                8 => Ops.Sigmoid(a - b),
                9 => Ops.MatMul(Ops.MatMul(x, b.BroadcastTo(x.Shape).Permute(1, 0)) * 0.1, a.BroadcastTo(x.Shape)),
                10 => Ops.Min(a * 2, [-1], keepDims: true),
                11 => Ops.Mean(Ops.Square(a), [0, 1], keepDims: true),
                12 => (a.Reshape(-1) * 3).Reshape(a.Shape.Lengths),
                _ => Ops.Flip(a, -1) + b,
            });
        }
        Tensor result = values[^1];
        for (int i = 0; i < values.Count; i += 3) result = result + values[i];
        return result.BroadcastTo(x.Shape) + 0;
    }

    private static Tensor Normalized(Tensor t) => (t - Ops.Mean(t, [-1], keepDims: true)) / Ops.Sqrt(Ops.Variance(t, [-1], keepDims: true) + 1e-5);

    // Random NaNs differ in payload where two meet; this keeps the values usual.
    private static Tensor Tame(Tensor x)
    {
        var placed = new Tensor(x.Storage, x.Layout, Device);
        return Ops.Where(Ops.Abs(placed) < 30, placed, placed.Like(0.5));
    }

    private static Plan Plan(Func<Tensor, Tensor> f, int[] shape) =>
        Planner.Make(Graph.Of("test", [new TensorSpec(DType.F32, shape)], x => [f(x[0])]));

    private static Plan Same(Func<Tensor, Tensor> f, Tensor x, bool emitted = true)
    {
        x = new Tensor(x.Storage, x.Layout, Device);
        Graph graph = Graph.Of("test", [x.Spec], t => [f(t[0])]);
        Plan plan = Planner.Make(graph);
        Tensor eager = f(x), compiled = Device.Build(plan).Run([x])[0];
        Views.AssertSame(Views.Bits(eager), Views.Bits(compiled), eager.DType, plan.Explain());
        if (emitted)
        {
            Tensor again = Device.Build(plan with { Use = PlanUse.Steps }).Run([x])[0];
            Views.AssertSame(Views.Bits(eager), Views.Bits(again), eager.DType, "emitted: " + plan.Explain());
        }
        return plan;
    }
}
