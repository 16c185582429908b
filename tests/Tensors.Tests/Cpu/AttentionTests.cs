using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;

namespace Engine.Tensors.Tests.Cpu;

public sealed class AttentionTests
{
    private static readonly ReferenceDevice Plain = new();

    // Heads, queries, keys, elements of a key, elements of a value: below, at and above blocks of 48 queries and 96 keys, vectors of 16 and groups of 24.
    private static readonly (int[] Heads, int T, int S, int D, int E)[] Cases =
    [
        ([], 1, 1, 1, 1), ([2], 1, 5, 3, 2), ([], 5, 1, 4, 7), ([3], 7, 9, 16, 16), ([2, 2], 24, 25, 17, 5), ([1], 48, 96, 64, 64), ([2], 49, 97, 65, 33),
        ([], 100, 60, 8, 130), ([], 60, 200, 130, 9), ([2], 97, 193, 32, 48), ([], 193, 97, 20, 20), ([0], 3, 4, 5, 6), ([2], 0, 4, 5, 6), ([2], 3, 0, 5, 6),
        ([2], 3, 4, 0, 6), ([2], 3, 4, 5, 0), ([5], 150, 150, 12, 12),
    ];

    public enum MaskKind
    {
        None,
        Bool,
        Additive,
    }

    public static TheoryData<DType, MaskKind, bool> Kinds
    {
        get
        {
            var data = new TheoryData<DType, MaskKind, bool>();
            foreach (DType type in (DType[])[DType.F32, DType.F64])
            {
                foreach (MaskKind mask in Enum.GetValues<MaskKind>())
                {
                    data.Add(type, mask, false);
                    data.Add(type, mask, true);
                }
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void ResultsAreThePlainFormulas(DType type, MaskKind mask, bool causal)
    {
        var device = new CpuDevice(2);
        foreach (var c in Cases)
        {
            Tensor[] operands = Operands(type, c, mask);
            Tensor[] expected = Forward(Plain, operands, c, causal), actual = Forward(device, operands, c, causal);
            Near(expected[0], actual[0], $"output of {c} {causal}");
            Near(expected[1], actual[1], $"logarithms of {c} {causal}");
            Tensor[] pulled = [.. operands, expected[0], expected[1], Numbers.Finite(type, [.. c.Heads, c.T, c.E], new Random(9), false)];
            Tensor[] reference = Gradient(Plain, pulled, causal), gradients = Gradient(device, pulled, causal);
            for (int i = 0; i < 3; i++) Near(reference[i], gradients[i], $"gradient {i} of {c} {causal}");
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void ThreadsAndLayoutsChangeNoBit(DType type, MaskKind mask, bool causal)
    {
        foreach (var c in Cases)
        {
            Tensor[] operands = Operands(type, c, mask), turned = Array.ConvertAll(operands, Turned);
            Tensor cotangent = Numbers.Finite(type, [.. c.Heads, c.T, c.E], new Random(9), true);
            Tensor[]? first = null;
            foreach (int threads in (int[])[1, 2, 3, 8])
            {
                var device = new CpuDevice(threads);
                foreach (Tensor[] form in (Tensor[][])[operands, turned])
                {
                    Tensor[] forward = Forward(device, form, c, causal);
                    Tensor[] all = [.. forward, .. Gradient(device, [.. form, .. forward, cotangent], causal)];
                    first ??= all;
                    for (int i = 0; i < all.Length; i++)
                        Views.AssertSame(Views.Bits(first[i]), Views.Bits(all[i]), type, $"result {i} of {c} on {threads} threads");
                }
            }
        }
    }

    [Fact]
    public void WeightsAreAddedInTheDocumentedOrder()
    {
        // One element per key and value: a scalar model of the blocks, with the logarithms taken from the definition.
        const int keys = 250;
        var random = new Random(4);
        float[] q = [1.5f], k = [.. Enumerable.Range(0, keys).Select(_ => (float)((random.NextDouble() * 8) - 4))];
        float[] v = [.. Enumerable.Range(0, keys).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        float query = q[0] * (float)(0.5 * 1.4426950408889634), greatest = float.NegativeInfinity, sum = 0;
        float[] lanes = new float[16];
        for (int block = 0; block < keys; block += 96)
        {
            int end = Math.Min(keys, block + 96);
            float next = greatest;
            for (int j = block; j < end; j++) next = Math.Max(next, query * k[j]);
            float factor = Exp2(greatest - next);
            sum *= factor;
            for (int lane = 0; lane < 16; lane++) lanes[lane] *= factor;
            for (int j = block; j < end; j++)
            {
                float weight = Exp2((query * k[j]) - next);
                lanes[j % 16] += weight;
                sum = MathF.FusedMultiplyAdd(weight, v[j], sum);
            }
            greatest = next;
        }
        for (int distance = 8; distance > 0; distance /= 2)
            for (int lane = 0; lane < distance; lane++) lanes[lane] += lanes[lane + distance];
        Tensor output = Ops.Attention(Tensor.Of(q, [1, 1]), Tensor.Of(k, [keys, 1]), Tensor.Of(v, [keys, 1]), scale: 0.5);
        Assert.Equal(sum * (1 / lanes[0]), output.ToArray<float>()[0]);
    }

    [Fact]
    public void QueriesThatSeeNothingGiveZero()
    {
        Tensor q = Tensor.Ones([3, 2]), k = Tensor.Ones([2, 2]), v = Tensor.Full(5, [2, 1]);
        Assert.Equal([0f, 5, 5], Ops.Attention(q, k, v, causal: true).ToArray<float>());
        Tensor hidden = Tensor.Of([false, false, true, false, false, false], [3, 2]);
        Assert.Equal([0f, 5, 0], Ops.Attention(q, k, v, mask: hidden).ToArray<float>());
        Tensor low = Tensor.Full(double.NegativeInfinity, [1, 2]);
        Assert.Equal([0f, 0, 0], Ops.Attention(q, k, v, mask: low).ToArray<float>());
        Assert.Equal([0f, 0, 0], Ops.Attention(q, Tensor.Ones([0, 2]), Tensor.Ones([0, 1])).ToArray<float>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LargeScoresDoNotOverflow(bool causal)
    {
        // Scores near 1e4 and -1e4: weights are 1 for the greatest key and 0 for the others.
        float[] keys = [.. Enumerable.Range(0, 300).Select(j => j % 7 == 3 ? 100f : -100f)];
        keys[150] = 101;
        Tensor q = Tensor.Full(100, [300, 1]), k = Tensor.Of(keys, [300, 1]), v = Ops.Iota([300, 1], 0, DType.F32);
        float[] y = Ops.Attention(q, k, v, scale: 1, causal: causal).ToArray<float>();
        Assert.Equal(150, y[299]);
        Assert.Equal(causal ? 0 : 150, y[0]);
        Assert.Equal(causal ? (3 + 10) / 2f : 150, y[10], 1e-5f);
    }

    [Fact]
    public void NaNShowsWhereItIsSeen()
    {
        float[] values(int row, int rows, int columns) =>
            [.. Enumerable.Range(0, rows * columns).Select(i => i / columns == row ? float.NaN : 0.25f * (i % 5))];
        Tensor clean(int rows) => Tensor.Of(values(-1, rows, 2), [rows, 2]);
        Tensor query = Ops.Attention(Tensor.Of(values(60, 130, 2), [130, 2]), clean(130), clean(130), causal: true);
        Tensor key = Ops.Attention(clean(130), Tensor.Of(values(60, 130, 2), [130, 2]), clean(130), causal: true);
        Tensor value = Ops.Attention(clean(130), clean(130), Tensor.Of(values(60, 130, 2), [130, 2]));
        for (int i = 0; i < 130; i++)
        {
            Assert.Equal(i == 60, float.IsNaN(query.ToArray<float>()[2 * i]));
            Assert.Equal(i >= 60, float.IsNaN(key.ToArray<float>()[(2 * i) + 1]));
            Assert.True(float.IsNaN(value.ToArray<float>()[2 * i]));
        }
    }

    [Fact]
    public void LeadingAxesBroadcast()
    {
        var random = new Random(3);
        Tensor q = Numbers.Finite(DType.F32, [4, 1, 6, 3], random, false), k = Numbers.Finite(DType.F32, [2, 5, 3], random, false);
        Tensor v = Numbers.Finite(DType.F32, [5, 2], random, false), mask = Numbers.Finite(DType.F32, [4, 1, 1, 5], random, false);
        Tensor y = Ops.Attention(q, k, v, mask: mask);
        Assert.Equal([4, 2, 6, 2], y.Shape);
        for (int a = 0; a < 4; a++)
        {
            for (int b = 0; b < 2; b++)
            {
                Tensor one = Ops.Attention(Pick(Pick(q, a), 0), Pick(k, b), v, mask: Pick(Pick(mask, a), 0));
                Assert.Equal(one.ToArray<float>(), Pick(Pick(y, a), b).ToArray<float>());
            }
        }
    }

    [Fact]
    public void HalfWidthIsComputedInSingle()
    {
        var random = new Random(3);
        Tensor q = Numbers.Finite(DType.F32, [9, 4], random, false).Cast(DType.F16), v = Numbers.Finite(DType.F32, [9, 3], random, false).Cast(DType.F16);
        Tensor wide = Ops.Attention(q.Cast(DType.F32), q.Cast(DType.F32), v.Cast(DType.F32), causal: true).Cast(DType.F16);
        Assert.Equal(wide.ToArray<Half>(), Ops.Attention(q, q, v, causal: true).ToArray<Half>());
    }

    [Fact]
    public void WrongOperandsAreRefused()
    {
        static Tensor of(params int[] shape) => Tensor.Zeros(Shape.Create(shape));
        Refused("attention: takes q [..., T, D], k [..., S, D] and v [..., S, E], got [4], [3, 4] and [3, 4]. Add the axes that are missing.", of(4), of(3, 4), of(3, 4));
        Refused("attention: the last axes of queries [2, 4] and keys [3, 5] differ, 4 != 5. They must be equal.", of(2, 4), of(3, 5), of(3, 4));
        Refused("attention: keys [3, 4] and values [2, 4] differ in number, 3 != 2. They must be equal.", of(2, 4), of(3, 4), of(2, 4));
        Refused("attention: shapes [2] and [3] do not broadcast: axis 0 is 2 vs 3. Lengths must be equal or 1.", of(2, 2, 4), of(3, 3, 4), of(3, 4));
        Refused("attention: the mask [3, 2, 3] does not broadcast to the scores [2, 3]. Its axes must be equal to theirs or 1.", of(2, 4), of(3, 4), of(3, 4), of(3, 2, 3));
        Refused("attention: the mask [2, 4, 3] does not broadcast to the scores [1, 4, 3]. Its axes must be equal to theirs or 1.", of(1, 4, 4), of(3, 4), of(3, 4), of(2, 4, 3));
        Refused("attention: shapes [2, 3] and [3, 2] do not broadcast: axis 1 is 3 vs 2. Lengths must be equal or 1.", of(2, 4), of(3, 4), of(3, 4), of(3, 2));
        Mistyped("attention: element types differ, got f32 and f64. Cast one: x.Cast(DType.F32).", of(2, 4), of(3, 4).Cast(DType.F64), of(3, 4));
        Mistyped("attention: takes a floating type, got i64. Cast first: x.Cast(DType.F32).", of(2, 4).Cast(DType.I64), of(3, 4).Cast(DType.I64), of(3, 4).Cast(DType.I64));
        Mistyped("attention: the mask must be bool or f32, got i64. Compare or cast it: mask.Cast(DType.F32).", of(2, 4), of(3, 4), of(3, 4), of(2, 3).Cast(DType.I64));
    }

    private static void Refused(string message, Tensor q, Tensor k, Tensor v, Tensor? mask = null) =>
        Assert.Equal(message, Assert.Throws<ShapeException>(() => Ops.Attention(q, k, v, mask: mask)).Message);

    private static void Mistyped(string message, Tensor q, Tensor k, Tensor v, Tensor? mask = null) =>
        Assert.Equal(message, Assert.Throws<DTypeException>(() => Ops.Attention(q, k, v, mask: mask)).Message);

    private static Tensor Pick(Tensor x, int i) => Ops.Squeeze(Ops.Narrow(x, 0, i, 1), 0);

    /// <summary>2^x as the engine computes it where the result is normal.</summary>
    private static float Exp2(float x) => x < -126 ? 0 : Ops.Exp2(Tensor.Of([x])).ToArray<float>()[0];

    private static Tensor[] Operands(DType type, (int[] Heads, int T, int S, int D, int E) c, MaskKind mask)
    {
        Tensor[] operands =
        [
            Numbers.Finite(type, [.. c.Heads, c.T, c.D], new Random(1)), Numbers.Finite(type, [.. c.Heads, c.S, c.D], new Random(2)),
            Numbers.Finite(type, [.. c.Heads, c.S, c.E], new Random(3)),
        ];
        int[] scores = [.. c.Heads, c.T, c.S];
        // The mask repeats over heads; a floating one hides a key here and there.
        if (mask == MaskKind.None) return operands;
        Tensor added = Numbers.Finite(type, [c.T, c.S], new Random(4));
        if (mask == MaskKind.Bool) return [.. operands, (added > -1).BroadcastTo(Shape.Create(scores))];
        return [.. operands, Ops.Where(added > 1.5, added.Like(double.NegativeInfinity), added).BroadcastTo(Shape.Create(scores))];
    }

    /// <summary>The same elements with the axes in reverse order of memory.</summary>
    private static Tensor Turned(Tensor x)
    {
        int[] order = [.. Enumerable.Range(0, x.Rank).Reverse()];
        return Ops.Permute(CopyOp.Instance.Apply(Ops.Permute(x, order)), order);
    }

    private static Tensor[] Forward(Device device, Tensor[] operands, (int[] Heads, int T, int S, int D, int E) c, bool causal) =>
        Run(device, new AttentionKernel(0.3, causal), operands, [.. c.Heads, c.T, c.E], [.. c.Heads, c.T]);

    private static Tensor[] Gradient(Device device, Tensor[] operands, bool causal) =>
        Run(device, new AttentionGradientKernel(0.3, causal), operands, [.. operands[..3].Select(o => o.Shape.Lengths.ToArray())]);

    private static Tensor[] Run(Device device, Kernel kernel, Tensor[] operands, params int[][] results)
    {
        Tensor[] outputs = [.. results.Select(r => new Tensor(device.Allocate(operands[0].DType, Numbers.Count(r)), Engine.Tensors.Layout.Contiguous(Shape.Create(r)), device))];
        if (outputs.Any(o => o.Count > 0)) device.Run(new KernelOp(kernel), operands, outputs);
        return outputs;
    }

    private static void Near(Tensor expected, Tensor actual, string what)
    {
        double[] e = expected.Cast(DType.F64).ToArray<double>(), a = actual.Cast(DType.F64).ToArray<double>();
        double most = e.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max(), tolerance = expected.DType == DType.F32 ? 1e-5 : 1e-12;
        for (int i = 0; i < e.Length; i++)
        {
            bool same = e[i].Equals(a[i]) || Math.Abs(e[i] - a[i]) <= tolerance * Math.Max(0.1, most);
            Assert.True(same, $"Element {i} of the {what} is {a[i]}, by the formula {e[i]}; the greatest is {most}.");
        }
    }
}
