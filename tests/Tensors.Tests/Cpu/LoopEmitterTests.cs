using System.Runtime.InteropServices;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Emitted loops against the tile interpreter, bit for bit.</summary>
public sealed unsafe class LoopEmitterTests
{
    private static readonly int[] Counts = [0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000];

    private static readonly int[] Widths = [512, 256, 128];

    private static readonly int[] Axes = [0, 1];

    public static TheoryData<int, int> Seeds
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int width in Widths)
                for (int seed = 0; seed < 40; seed++) data.Add(width, seed);
            return data;
        }
    }

    public static TheoryData<ElementaryFunction, DType> Functions
    {
        get
        {
            var data = new TheoryData<ElementaryFunction, DType>();
            foreach (ElementaryFunction function in Enum.GetValues<ElementaryFunction>())
                foreach (DType type in (DType[])[DType.F32, DType.F64, DType.F16]) data.Add(function, type);
            return data;
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void RandomExpressionsOfEveryType(int width, int seed)
    {
        var source = new RandomExpr(seed);
        Expr[] bodies = [.. Enumerable.Range(0, 1 + (seed % 4)).Select(_ => source.Of((DType)source.Random.Next(8), 5))];
        Check(bodies, source, width);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void RandomExpressionsOfOneType(int width, int seed)
    {
        DType type = (seed % 4) switch { 0 => DType.F32, 1 => DType.F64, 2 => DType.I32, _ => DType.I64 };
        var source = new RandomExpr(1000 + seed) { Only = [type, DType.Bool] };
        Expr[] bodies = [.. Enumerable.Range(0, 1 + (seed % 3)).Select(i => source.Of(seed % 5 == 4 && i == 0 ? DType.Bool : type, 5))];
        Check(bodies, source, width);
    }

    [Theory, MemberData(nameof(Functions))]
    public void EveryFunction(ElementaryFunction function, DType type)
    {
        Expr a = Expr.Input(0, type), b = Expr.Input(1, type);
        Expr body = VectorMath.IsBinary(function) ? a.Apply(function, b) : a.Apply(function);
        foreach (int width in Widths) CheckWidth([body + b], [type, type], width, usual: true);
    }

    [Theory, MemberData(nameof(TypeCases.Pairs), MemberType = typeof(TypeCases))]
    public void EveryCast(DType from, DType to)
    {
        Expr a = Expr.Input(0, from), b = Expr.Input(1, DType.F32);
        bool usual = from is not DType.I64 || to is not (DType.F32 or DType.F16 or DType.BF16);
        usual &= (from, to) != (DType.F64, DType.F16);
        foreach (int width in Widths) CheckWidth([a.Cast(to), b + 1], [from, DType.F32], width, usual);
    }

    [Theory, MemberData(nameof(TypeCases.All), MemberType = typeof(TypeCases))]
    public void ComparisonsSelectionsAndLogic(DType type)
    {
        Expr a = Expr.Input(0, type), b = Expr.Input(1, type), c = Expr.Input(2, DType.Bool), f = Expr.Input(3, DType.F32), d = Expr.Input(4, DType.F64);
        Expr equal = a.EqualTo(b), less = a < b, lessEqual = a <= b;
        foreach (int width in Widths)
        {
            DType[] types = [type, type, DType.Bool, DType.F32, DType.F64];
            CheckWidth([equal, less, lessEqual, f], types, width, usual: true);
            CheckWidth([equal.Select(a, b), (less & c).Select(f, f.Like(2)), (lessEqual ^ c).Select(d, -d)], types, width, usual: true);
            CheckWidth([(less | c).EqualTo(equal), (c < less).Select(d, d * 2), c <= equal], types, width, usual: true);
        }
    }

    [Fact]
    public void EveryHalf()
    {
        byte[] all = MemoryMarshal.AsBytes<ushort>(Enumerable.Range(0, 65536).Select(i => (ushort)i).ToArray()).ToArray();
        foreach (DType type in (DType[])[DType.F16, DType.BF16])
        {
            Expr x = Expr.Input(0, type);
            foreach (int width in Widths) Same([x.Cast(DType.F32), -x], [all], width);
        }
    }

    [Fact]
    public void FloatsRoundToHalves()
    {
        uint[] all = new uint[1 << 20];
        for (int i = 0; i < all.Length; i++) all[i] = unchecked((uint)(i * 4099L));
        // Ties and their neighbours in every binade of the half range, and around its ends.
        for (int i = 0; i < 1 << 18; i++) all[i] = (uint)(((i >> 2) << 13) + ((i & 3) == 3 ? 0 : 0xFFF + (i & 3))) + 0x33000000;
        Expr x = Expr.Input(0, DType.F32);
        foreach (int width in Widths) Same([x.Cast(DType.F16), x.Cast(DType.BF16)], [MemoryMarshal.AsBytes<uint>(all).ToArray()], width);
    }

    [Fact]
    public void WhatIsLeftToTheTiles()
    {
        Expr i = Expr.Input(0, DType.I32), u = Expr.Input(1, DType.U8), f = Expr.Input(2, DType.F32);
        TileSource[] sources = [TileSource.InPlace, TileSource.InPlace, TileSource.InPlace];
        foreach (Expr body in (Expr[])[i / -i, u + u, u <= Expr.Constant(3, DType.U8), i.Cast(DType.I64).Cast(DType.F32)])
            Assert.Null(LoopEmitter.TryEmit([body], sources, []));
        Assert.NotNull(LoopEmitter.TryEmit([f + 1], sources, []));
        Expr many = f;
        for (int k = 0; k < 20; k++) many = (many * 0.5).Exp();
        Assert.Null(LoopEmitter.TryEmit([many], sources, []));
    }

    [Fact]
    public void OutputsMayBeInputs()
    {
        Expr a = Expr.Input(0, DType.F32), b = Expr.Input(1, DType.F32);
        EmittedLoop loop = LoopEmitter.TryEmit([a + b, a - b], [TileSource.InPlace, TileSource.InPlace], [])!;
        float[] x = [.. Enumerable.Range(0, 77).Select(i => (float)i)], y = [.. Enumerable.Range(0, 77).Select(i => 100f - (3 * i))];
        float[] sum = [.. x.Zip(y, (p, q) => p + q)], difference = [.. x.Zip(y, (p, q) => p - q)];
        fixed (float* p = x, q = y)
        {
            byte** slots = stackalloc byte*[] { (byte*)p, (byte*)q, (byte*)q, (byte*)p };
            loop(null, slots, x.Length);
        }
        Assert.Equal(sum, y);
        Assert.Equal(difference, x);
    }

    private static void Check(Expr[] bodies, RandomExpr source, int width)
    {
        TileSource[] sources = [.. source.Inputs.Select((_, i) => i % 3 == 2 ? TileSource.Scalar : i % 3 == 1 ? TileSource.Gathered : TileSource.InPlace)];
        EmittedLoop? loop = LoopEmitter.TryEmit(bodies, sources, Axes, width: width);
        Assert.True(loop is not null || source.Only is null, "Not emitted.");
        if (loop is null) return;
        foreach (int count in Counts) LoopRun.Check(loop, bodies, sources, Axes, source.Inputs, count, source.Random, count is 65 or 100);
    }

    private static void CheckWidth(Expr[] bodies, DType[] types, int width, bool usual)
    {
        TileSource[] sources = [.. types.Select(_ => TileSource.InPlace)];
        for (int single = -1; single < Math.Min(types.Length, 3); single++)
        {
            if (single >= 0) sources[single] = TileSource.Scalar;
            EmittedLoop? loop = LoopEmitter.TryEmit(bodies, sources, [], width: width);
            Assert.Equal(usual, loop is not null);
            if (loop is null) return;
            var random = new Random(5);
            foreach (int count in (int[])[1, 17, 33, 500]) LoopRun.Check(loop, bodies, sources, [], types, count, random, count == 33);
            if (single >= 0) sources[single] = TileSource.InPlace;
        }
    }

    private static void Same(Expr[] bodies, byte[][] inputs, int width)
    {
        TileSource[] sources = [.. inputs.Select(_ => TileSource.InPlace)];
        EmittedLoop loop = LoopEmitter.TryEmit(bodies, sources, [], width: width)!;
        int count = inputs[0].Length / (bodies[0].Type == DType.F32 ? 2 : 4);
        byte[][] expected = LoopRun.Interpret(bodies, sources, [], inputs, [], count), actual = [.. expected.Select(e => new byte[e.Length])];
        fixed (byte* input = inputs[0], first = actual[0], second = actual[1])
        {
            byte** slots = stackalloc byte*[] { input, first, second };
            loop(null, slots, count);
        }
        for (int o = 0; o < bodies.Length; o++)
            Views.AssertSame(LoopRun.Bits(expected[o], bodies[o].Type), LoopRun.Bits(actual[o], bodies[o].Type), bodies[o].Type, $"output {o} at {width} bits");
    }
}
