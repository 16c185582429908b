using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Attention against the same function composed of products and a softmax: values and derivatives of several orders, on several blocks of queries and keys.</summary>
public sealed class AttentionTests
{
    public static TheoryData<DType, bool, bool> Kinds => new()
    {
        { DType.F32, false, false }, { DType.F32, true, false }, { DType.F32, true, true }, { DType.F64, false, true }, { DType.F64, true, false },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void ValuesAndGradientsAreTheComposedOnes(DType type, bool causal, bool masked)
    {
        foreach ((int t, int s, int d, int e) in ((int, int, int, int)[])[(1, 1, 1, 1), (3, 130, 16, 5), (130, 130, 64, 64), (100, 200, 65, 17), (200, 100, 130, 3)])
        {
            Tensor q = Draw(1, [2, t, d], type), k = Draw(2, [2, s, d], type), v = Draw(3, [2, s, e], type), given = Draw(4, [2, t, e], type);
            Tensor? mask = masked ? Draw(5, [t, s], type) * 3 : null;
            Func<Tensor, Tensor, Tensor, Tensor>[] forms = [(a, b, c) => Ops.Attention(a, b, c, null, causal, mask), (a, b, c) => Composed(a, b, c, mask, causal)];
            Near(forms[1](q, k, v), forms[0](q, k, v), $"value at {t} x {s} x {d} x {e}");
            for (int operand = 0; operand < 3; operand++)
            {
                Tensor[] pulled = Array.ConvertAll(forms, f => Vjp(x => f(operand == 0 ? x : q, operand == 1 ? x : k, operand == 2 ? x : v), operand switch { 0 => q, 1 => k, _ => v }, given).Cotangent);
                Near(pulled[1], pulled[0], $"gradient in operand {operand} at {t} x {s} x {d} x {e}");
            }
        }
    }

    [Fact]
    public void TheGradientOfAMaskIsTheComposedOne()
    {
        Tensor q = Draw(1, [2, 5, 3], DType.F64), k = Draw(2, [2, 7, 3], DType.F64), v = Draw(3, [2, 7, 4], DType.F64), mask = Draw(5, [5, 1], DType.F64);
        mask = mask + Draw(6, [7], DType.F64);
        Near(
            Grad((Tensor m) => Ops.Square(Composed(q, k, v, m, true)).Sum())(mask),
            Grad((Tensor m) => Ops.Square(Ops.Attention(q, k, v, null, true, m)).Sum())(mask), "gradient of the mask");
    }

    [Fact]
    public void DerivativesOfEveryOrderAreTheComposedOnes()
    {
        Tensor x = Draw(7, [6, 4], DType.F64), u = Draw(8, [6, 4], DType.F64), w = Draw(9, [6, 4], DType.F64);
        Tensor mask = Tensor.Of([.. Enumerable.Range(0, 36).Select(i => i % 5 != 1)], [6, 6]);
        foreach (bool causal in (bool[])[false, true])
        {
            Func<Tensor, Tensor>[] forms =
            [
                a => (Ops.Attention(a, a * a, a + 1, 0.7, causal, mask) * w).Sum(),
                a => (Composed(a, a * a, a + 1, mask, causal, 0.7) * w).Sum(),
            ];
            Func<Func<Tensor, Tensor>, Tensor>[] derivatives =
            [
                f => Grad(f)(x), f => Jvp(f, x, u).Tangent, f => Hvp(f, x, u), f => Jvp(Grad(f), x, u).Tangent, f => Grad(y => Jvp(f, y, u).Tangent)(x),
                f => Grad(y => (Grad(f)(y) * u).Sum())(x), f => Grad(y => (Hvp(f, y, u) * w).Sum())(x), f => Jvp(y => Hvp(f, y, u), x, w).Tangent,
                f => Hvp(y => Jvp(f, y, w).Tangent, x, u), f => Grad(y => (Grad(z => (Hvp(f, z, u) * w).Sum())(y) * u).Sum())(x),
            ];
            for (int i = 0; i < derivatives.Length; i++) Near(derivatives[i](forms[1]), derivatives[i](forms[0]), $"derivative {i}, causal {causal}");
        }
    }

    [Fact]
    public void MapsAndCompiledGraphsGiveTheBitsOfSingleCalls()
    {
        Tensor q = Draw(1, [3, 2, 50, 8], DType.F32), k = Draw(2, [2, 100, 8], DType.F32), v = Draw(3, [3, 2, 100, 8], DType.F32);
        Tensor mask = Tensor.Of([.. Enumerable.Range(0, 5000).Select(i => i % 3 != 1)], [50, 100]);
        Tensor both = Ops.Concat([q, v], 2);
        Tensor attend(Tensor x) => Ops.Attention(Ops.Narrow(x, 1, 0, 50), k, Ops.Narrow(x, 1, 50, 100), null, true, mask);
        Tensor gradient(Tensor x) => Grad((Tensor y) => Ops.Square(attend(y)).Sum())(x);
        Tensor mapped = Vmap((Tensor x) => attend(x))(both), gradients = Vmap((Tensor x) => gradient(x))(both);
        var compiled = Function.Compile((Tensor x) => gradient(x));
        for (int i = 0; i < 3; i++)
        {
            Tensor one = Ops.Squeeze(Ops.Narrow(both, 0, i, 1), 0);
            Assert.Equal(attend(one).ToArray<float>(), Ops.Narrow(mapped, 0, i, 1).ToArray<float>());
            float[] alone = gradient(one).ToArray<float>();
            Assert.Equal(alone, Ops.Narrow(gradients, 0, i, 1).ToArray<float>());
            Assert.Equal(alone, compiled.Invoke(one).ToArray<float>());
        }
    }

    [Fact]
    public void NoScoresAreStored()
    {
        // 4096 x 4096 scores would be 64 MB; operands and results are 16 KB each.
        Tensor x = Draw(1, [4096, 1], DType.F32);
        var gradient = Function.Compile((Tensor a) => Grad((Tensor y) => Ops.Square(Ops.Attention(y, y, y, null, true)).Sum())(a));
        gradient.Invoke(x);
        long before = GC.GetAllocatedBytesForCurrentThread();
        gradient.Invoke(x);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.DoesNotContain("4096, 4096", gradient.Explain(x), StringComparison.Ordinal);
    }

    private static Tensor Composed(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, double? scale = null)
    {
        Tensor scores = Ops.MatMul(q, k.T) * (scale ?? 1 / Math.Sqrt(q.Shape[^1]));
        int queries = scores.Shape[^2], keys = scores.Shape[^1];
        Tensor visible = Ops.Iota([queries, keys], 1) <= Ops.Iota([queries, keys], 0) + (keys - queries);
        if (!causal) visible = Tensor.Full(1, [queries, keys], DType.Bool);
        if (mask?.DType == DType.Bool) visible = Ops.Where(visible, mask, visible);
        else if (mask is not null) scores = scores + mask;
        // Rows that see nothing are 0 by a second selection: a softmax of nothing is NaN.
        Tensor any = Ops.Sum(visible.Cast(scores.DType), [-1], keepDims: true) > 0;
        Tensor weights = Ops.Softmax(Ops.Where(visible, scores, scores.Like(-1e30)));
        return Ops.Where(any, Ops.MatMul(weights, v), scores.Like(0));
    }

    private static Tensor Draw(int seed, Shape shape, DType type)
    {
        var g = new Generator(seed, "attention", 0);
        return TypedValues.Make([.. Enumerable.Range(0, shape.Count).Select(_ => g.Uniform(-1, 1))], shape, type, null);
    }

    private static void Near(Tensor expected, Tensor actual, string what)
    {
        Assert.Equal(expected.Spec, actual.Spec);
        double[] e = TypedValues.Read(expected), a = TypedValues.Read(actual);
        double tolerance = (expected.DType == DType.F32 ? 1e-5 : 1e-12) * Math.Max(0.1, e.Max(Math.Abs));
        for (int i = 0; i < e.Length; i++) Assert.True(Math.Abs(e[i] - a[i]) <= tolerance, $"Element {i} of the {what} is {a[i]}, composed {e[i]}; allowed {tolerance:g3}.");
    }
}
