using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>Keys are operands, so that their batching is checked too; everything drawn is compared with the cipher written out.</remarks>
internal static class RandomRows
{
    public static OpInfo[] All { get; } =
    [
        Row("randomBits", (k, s) => Ops.RandomBits(k, s), (a, b, i) => unchecked((int)NaiveRandom.Word(a, b, i, 0))),
        Row("randomUniform", (k, s) => Ops.RandomUniform(k, s, dtype: DType.F64), (a, b, i) => NaiveRandom.Unit(a, b, i, 0)),
        Row("randomUniform single", (k, s) => Ops.RandomUniform(k, s), (a, b, i) => NaiveRandom.Single(a, b, i, 0)),
        Row("randomUniform range", (k, s) => Ops.RandomUniform(k, s, -2, 3, DType.F64), (a, b, i) => (NaiveRandom.Unit(a, b, i, 0) * 5) - 2),
        Row("randomNormal", (k, s) => Ops.RandomNormal(k, s, DType.F64), Normal),
        Row("randomBernoulli", (k, s) => Ops.RandomBernoulli(k, 0.3, s), (a, b, i) => NaiveRandom.Single(a, b, i, 0) < 0.3f ? 1 : 0),
        new("randomPermutation", Permutation) { Derivative = DerivativeCheck.None, Note = "an integer result" },
    ];

    private static OpInfo Row(string name, Func<RandomKey, Shape, Tensor> function, Func<long, long, int, double> reference) => new(name, g =>
    {
        Shape shape = g.Shape();
        return new(xs => function(new RandomKey(xs[0]), shape), [Key], a =>
        {
            int position = 0;
            return Grid.Build(shape, _ => reference((long)a[0][0], (long)a[0][1], position++));
        })
        { Attributes = $"{shape}" };
    })
    { Derivative = DerivativeCheck.None, Note = "a function of an integer key" };

    private static Operand Key => new([2]) { DType = DType.I64, Domain = (-1e15, 1e15) };

    private static double Normal(long a, long b, int i) =>
        Math.Sqrt(-2 * Math.Log(1 - NaiveRandom.Unit(a, b, i, 0))) * Math.Cos(2 * Math.PI * NaiveRandom.Unit(a, b, i, 2));

    private static OpCase Permutation(Generator g)
    {
        int count = g.Length(0, 20);
        return new(xs => Ops.RandomPermutation(new RandomKey(xs[0]), count), [Key], a =>
        {
            long k0 = (long)a[0][0], k1 = (long)a[0][1];
            long place(int i) => unchecked(((long)(int)NaiveRandom.Word(k0, k1, i, 0) << 32) + (int)NaiveRandom.Word(k0, k1, i, 1));
            return new([count], [.. Enumerable.Range(0, count).OrderBy(place).Select(i => (double)i)]);
        })
        { Attributes = $"{count}" };
    }
}
