using System.Runtime.InteropServices;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Operations that the tile compiler does in one loop.</summary>
public sealed class TileMergingTests
{
    private static readonly int[] Counts = [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000];

    private static readonly Expr A = Expr.Input(0, DType.F32), B = Expr.Input(1, DType.F32), C = Expr.Input(2, DType.F32), D = Expr.Input(3, DType.F32);

    private static readonly Func<Expr, Expr, Expr>[] Operations =
        [(a, b) => a + b, (a, b) => a - b, (a, b) => a * b, (a, b) => a / b, (a, b) => a.Min(b), (a, b) => a.Max(b)];

    private static readonly TileSource[] Contiguous = [TileSource.InPlace, TileSource.InPlace, TileSource.InPlace, TileSource.InPlace];

    public static TheoryData<int> Sources => [.. Enumerable.Range(0, 16)];

    [Fact]
    public void OperationsWithOneReaderAreMerged()
    {
        Check(1, (A * B) + C);
        Check(1, C + (A * B));
        Check(1, C - (A * 2));
        Check(1, (A * 0.9) + (B * 0.1));
        Check(1, (A + B).Max(A.Like(0)));
        Check(1, (A - B) * C);
        Check(1, 1 - (A * A));
        Check(1, C / (A + 1e-5).Sqrt());
        Check(1, A * A * A * 0.044715);
        Check(1, ((A * 2) + 1) * 3);
        Check(1, (A + 1) * (B * 0.5));
        Check(1, (A * B) - (C * D));
        Check(1, D - (A * B * C));
        Check(2, (A * 2) + ((B * C) - D));
        Check(3, A * (B * C).Tanh());
    }

    [Fact]
    public void TheLoopsOfUsualKernels()
    {
        Expr cube = A * A * A * 0.044715;
        Check(4, A * 0.5 * (((A + cube) * 0.8).Tanh() + 1));
        Check(2, A * A.Sigmoid() * B);
        Expr m = (C * 0.9) + (B * 0.1), v = (D * 0.999) + (B * B * 0.001);
        Check(6, A - (m * 1.2 * 0.001 / ((v * 1.1).Sqrt() + 1e-8)), m, v);
    }

    [Fact]
    public void WhatHasTwoReadersIsComputedOnce()
    {
        Expr product = A * B, sum = A + C;
        Check(2, (product + C) / product);
        Check(2, product * product);
        Check(2, product + C, product);
        Check(2, product, product + C);
        Check(4, product.Sqrt() + 1, product.Sqrt() - A);
        Check(3, (product + C).Max(sum), sum);
        // Two operands each: nothing was merged, so nothing is computed again.
        foreach (Expr[] bodies in (Expr[][])[[product, product + C], [product + C, product], [product - C, product * D], [product * product], [product + product]])
            Assert.All(TileProgram.Compile(bodies, Contiguous).Instructions, i => Assert.InRange(i.Flags, 1, 3));
    }

    [Fact]
    public void WhatIsMergedHasOneTypeAndOneExtent()
    {
        Expr x = Expr.Input(0, DType.F64), i = Expr.Input(0, DType.I32), half = Expr.Input(0, DType.F16), scalar = Expr.Input(1, DType.F32);
        Check(2, (x * x) + 1);
        Check(2, (i * i) + 1);
        Check(7, (half * half) + 1);
        Check(5, ((A * B).Cast(DType.F64) + 1).Cast(DType.F32) * 2);
        // A single value is computed once, whatever reads it.
        Assert.Equal(2, TileProgram.Compile([A * (scalar + 1)], [TileSource.InPlace, TileSource.Scalar]).Instructions.Length);
    }

    [Theory, MemberData(nameof(Sources))]
    public void EveryChainRoundsAfterEachOperation(int scalars)
    {
        var bodies = new List<Expr>();
        foreach (var first in Operations)
        {
            foreach (var second in Operations)
            {
                bodies.Add(second(first(A, B), C));
                bodies.Add(second(C, first(A, B)));
                bodies.Add(second(first(A, B).Sqrt(), C));
                bodies.Add(second(C, first(A, B).Sqrt()));
            }
        }
        Compare(bodies, scalars);
    }

    [Theory, MemberData(nameof(Sources))]
    public void EveryLongChainAndPairRoundsAfterEachOperation(int scalars)
    {
        var bodies = new List<Expr>();
        foreach (var first in Operations.AsSpan(0, 4))
        {
            foreach (var second in Operations.AsSpan(0, 4))
            {
                foreach (var third in Operations.AsSpan(0, 4))
                {
                    bodies.Add(third(second(first(A, B), C), D));
                    bodies.Add(third(D, second(C, first(A, B))));
                    bodies.Add(third(D, second(first(A, B), C)));
                    bodies.Add(second(first(A, B), third(C, D)));
                }
            }
        }
        Compare(bodies, scalars);
    }

    [Theory, InlineData(1), InlineData(5), InlineData(33), InlineData(1000), InlineData(100_001)]
    public void MergedLoopsMayWriteOverWhatTheyRead(int count)
    {
        using var pool = new WorkerPool(2);
        foreach (Expr body in (Expr[])[(A * B) + C, C - (A * B), (A * 0.9) + (B * 0.1), A * B * C * D, (A + 1) * (C - D)])
        {
            for (int over = 0; over < 4; over++)
            {
                ulong[] expected = RunOver([body], count, [-1], pool)[0], actual = RunOver([body], count, [over], pool)[0];
                Views.AssertSame(expected, actual, DType.F32, $"{body} over input {over}");
            }
        }
        Expr m = (C * 0.9) + (B * 0.1), v = (D * 0.999) + (B * B * 0.001);
        Expr[] adam = [A - (m * 1.2 * 0.001 / ((v * 1.1).Sqrt() + 1e-8)), m, v];
        ulong[][] apart = RunOver(adam, count, [-1, -1, -1], pool);
        foreach (int[] over in (int[][])[[0, 2, 3], [2, 0, 1], [3, 1, 2]])
        {
            ulong[][] results = RunOver(adam, count, over, pool);
            for (int o = 0; o < 3; o++) Views.AssertSame(apart[o], results[o], DType.F32, $"output {o} over input {over[o]}");
        }
    }

    /// <summary>Results of a kernel over tiles whose outputs are new memory (-1) or the memory of inputs.</summary>
    private static unsafe ulong[][] RunOver(Expr[] bodies, int count, int[] over, WorkerPool pool)
    {
        var random = new Random(3);
        float[][] memory = new float[4 + bodies.Length][];
        for (int i = 0; i < memory.Length; i++)
            memory[i] = i < 4 ? [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())] : over[i - 4] < 0 ? new float[count] : memory[over[i - 4]];
        Operand[] operands = [.. memory.Select((_, i) => new Operand(i, DType.F32, Engine.Tensors.Layout.Contiguous([count])))];
        var map = new CpuMap(new MapKernel([.. bodies]), operands.AsSpan(0, 4), operands.AsSpan(4), new LoopCache(), PlanUse.Once, writesOver: true);
        GCHandle[] handles = [.. memory.Select(m => GCHandle.Alloc(m, GCHandleType.Pinned))];
        nint[] addresses = [.. handles.Select(h => h.AddrOfPinnedObject())];
        fixed (nint* first = addresses) map.Run((void**)first, pool);
        foreach (GCHandle handle in handles) handle.Free();
        return [.. memory.Skip(4).Select(m => m.Select(x => (ulong)BitConverter.SingleToUInt32Bits(x)).ToArray())];
    }

    /// <summary>Against the expressions evaluated one element at a time; bit i of <paramref name="scalars"/> makes input i one value.</summary>
    private static void Compare(List<Expr> bodies, int scalars)
    {
        DType[] types = [DType.F32, DType.F32, DType.F32, DType.F32];
        TileSource[] sources = [.. types.Select((_, i) => ((scalars >> i) & 1) != 0 ? TileSource.Scalar : TileSource.InPlace)];
        for (int b = 0; b < bodies.Count; b++)
        {
            var random = new Random(b);
            int count = Counts[b % Counts.Length];
            byte[][] inputs = [.. sources.Select(s => LoopRun.Values(DType.F32, s == TileSource.Scalar ? 1 : count, random, special: b % 3 == 0))];
            ulong[][] bits = [.. inputs.Select(v => LoopRun.Bits(v, DType.F32))];
            ulong[] expected = [.. Enumerable.Range(0, count).Select(at => ExprReference.Evaluate(bodies[b], i => bits[i][bits[i].Length == 1 ? 0 : at], _ => 0))];
            byte[] actual = LoopRun.Interpret([bodies[b]], sources, [], inputs, [], count)[0];
            Views.AssertSame(expected, LoopRun.Bits(actual, DType.F32), DType.F32, $"{count} elements of {bodies[b]} with scalars {scalars}");
        }
    }

    private static void Check(int expected, params Expr[] bodies) =>
        Assert.Equal(expected, TileProgram.Compile(bodies, Contiguous).Instructions.Length);
}
