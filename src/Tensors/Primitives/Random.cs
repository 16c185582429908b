namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// 32 random bits per element as i32: Philox-4x32-10 (Salmon et al., SC 2011) of the key at counter = row-major position of the element.
    /// A function of key and shape alone.
    /// </summary>
    public static Tensor RandomBits(RandomKey key, Shape shape) => Bits(key, shape, 0);

    /// <summary>Uniform numbers in [low, high): the upper 24 random bits (f32) or 53 (f64) as a fraction.</summary>
    public static Tensor RandomUniform(RandomKey key, Shape shape, double low = 0, double high = 1, DType dtype = DType.F32)
    {
        if (!(low < high)) throw new ArgumentException($"randomUniform: low must be below high, got {low} and {high}.");
        Tensor unit = Unit(key, shape, dtype, 0);
        return low == 0 && high == 1 ? unit : unit * (high - low) + low;
    }

    /// <summary>Standard normal numbers by the Box-Muller transform of two uniform ones.</summary>
    public static Tensor RandomNormal(RandomKey key, Shape shape, DType dtype = DType.F32) => Normal(key, shape, dtype, 0);

    /// <summary>True with a probability, as bool.</summary>
    public static Tensor RandomBernoulli(RandomKey key, double probability, Shape shape)
    {
        if (!(probability is >= 0 and <= 1)) throw new ArgumentException($"randomBernoulli: the probability must lie in [0, 1], got {probability}.");
        return Unit(key, shape, DType.F32, 0) < probability;
    }

    /// <summary>True with the probability at each element, as bool of its shape. The probabilities are floating and have no derivative.</summary>
    public static Tensor RandomBernoulli(RandomKey key, Tensor probability)
    {
        RequireFloating("randomBernoulli", probability);
        return Unit(key, probability.Shape, DType.F64, 0) < probability.Cast(DType.F64);
    }

    /// <summary>The numbers 0 .. count-1 in random order, as i64[count].</summary>
    public static Tensor RandomPermutation(RandomKey key, int count)
    {
        Tensor high = Bits(key, [count], 0).Cast(DType.I64), low = Bits(key, [count], 1).Cast(DType.I64);
        return ArgSort((high * 4294967296.0) + low);
    }

    /// <summary>One word of the cipher at counter block * 2^32 + position: a draw that needs more than four words takes further blocks.</summary>
    private static Tensor Bits(RandomKey key, Shape shape, int word, int block = 0)
    {
        Tensor counter = shape.Rank == 0 ? Tensor.Zeros([], DType.I64) : Iota(shape.Count).Reshape(shape.Lengths);
        if (block > 0) counter = counter + (block * 4294967296.0);
        return new PhiloxOp(word).Apply(key.Data[0], key.Data[1], counter);
    }

    private static Tensor Normal(RandomKey key, Shape shape, DType dtype, int block)
    {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        Tensor radius = Sqrt(Log(1 - Unit(key, shape, dtype, 0, block)) * -2);
        return radius * Cos(Unit(key, shape, dtype, 2, block) * (2 * Math.PI));
    }

    private static Tensor Unit(RandomKey key, Shape shape, DType dtype, int word, int block = 0)
    {
        Tensor upper = Bits(key, shape, word, block);
        switch (dtype)
        {
            case DType.F64:
                return UnitOp.Wide.Apply(upper, Bits(key, shape, word + 1, block));
            case DType.F32:
                return UnitOp.Single.Apply(upper, upper);
            case DType.F16 or DType.BF16:
                return UnitOp.Single.Apply(upper, upper).Cast(dtype);
            default:
                throw new DTypeException($"random: takes a floating type, got {dtype.Name()}. Draw f32 and cast.");
        }
    }
}

public sealed partial class RandomKey
{
    /// <summary>Independent keys made from this one, which must not be used again.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one key is asked for.</exception>
    public RandomKey[] Split(int count = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        RandomKey[] keys = new RandomKey[count];
        for (int i = 0; i < count; i++) keys[i] = Fold(i);
        return keys;
    }

    /// <summary>The key for a number, such as a step or an epoch: different numbers give independent keys.</summary>
    public RandomKey Fold(long number) => Fold(Tensor.Full(number, [], DType.I64));

    /// <summary>The key for a number that is itself a tensor, i64[], so that a compiled step can derive a key per step.</summary>
    public RandomKey Fold(Tensor number)
    {
        // The counters of Fold start at 2^62, which no tensor position reaches: folded keys never repeat drawn bits.
        Tensor counter = (number.Cast(DType.I64) + 4611686018427387904.0).Reshape(1);
        Tensor[] words = new Tensor[4];
        for (int i = 0; i < 4; i++) words[i] = new PhiloxOp(i).Apply(Data[0], Data[1], counter).Cast(DType.I64);
        Tensor low(Tensor word) => Ops.And(word, word.Like(0xFFFFFFFFL));
        return new(Ops.Concat([(words[0] * 4294967296.0) + low(words[1]), (words[2] * 4294967296.0) + low(words[3])]));
    }
}

/// <summary>
/// One 32-bit word of Philox-4x32-10. Operands, all i64: two key leaves and a counter. The low words of the leaves are the key; the counter and the high words of the
/// leaves are the block that is enciphered.
/// </summary>
internal sealed record PhiloxOp(int Word) : ElementwisePrimitive
{
    private const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;

    public override string Name => "randomBits";

    public override int Arity => 3;

    public override Accepts Accepts => Accepts.Bits;

    public override DType ResultType(DType operand) => DType.I32;

    public override Slope[] Slopes(Tensor[] inputs, Tensor output) => [0, 0, 0];

    public override Expr Body(ReadOnlySpan<Expr> operands)
    {
        static Expr low(Expr x) => x.Cast(DType.I32);
        static Expr high(Expr x) => (x >> 32).Cast(DType.I32);
        static Expr word(uint value) => Expr.ConstantBits(value, DType.I32);
        Expr k0 = low(operands[0]), k1 = low(operands[1]);
        Expr c0 = low(operands[2]), c1 = high(operands[2]), c2 = high(operands[0]), c3 = high(operands[1]);
        for (int round = 0; round < 10; round++)
        {
            (Expr hi0, Expr lo0) = (word(M0).MulHigh(c0), word(M0) * c0);
            (Expr hi1, Expr lo1) = (word(M1).MulHigh(c2), word(M1) * c2);
            (c0, c1, c2, c3) = (hi1 ^ c1 ^ k0, lo1, hi0 ^ c3 ^ k1, lo0);
            (k0, k1) = (k0 + word(W0), k1 + word(W1));
        }
        return Word switch { 0 => c0, 1 => c1, 2 => c2, _ => c3 };
    }
}

/// <summary>Random bits as a fraction in [0, 1): 24 bits of one word for f32, 53 bits of two for f64.</summary>
internal sealed record UnitOp(DType Target) : ElementwisePrimitive
{
    public static readonly UnitOp Single = new(DType.F32), Wide = new(DType.F64);

    public override string Name => "randomUniform";

    public override int Arity => 2;

    public override Accepts Accepts => Accepts.Bits;

    public override DType ResultType(DType operand) => Target;

    public override Slope[] Slopes(Tensor[] inputs, Tensor output) => [0, 0];

    public override Expr Body(ReadOnlySpan<Expr> operands)
    {
        Expr high = operands[0], low = operands[1];
        if (Target == DType.F32) return (high >>> 8).Cast(DType.F32) * Math.Pow(2, -24);
        return ((high >>> 5).Cast(DType.F64) * 67108864.0 + (low >>> 6).Cast(DType.F64)) * Math.Pow(2, -53);
    }
}
