using System.Runtime.InteropServices;
using static Engine.Tensors.Tests.Reference.KernelRunner;

namespace Engine.Tensors.Tests.Reference;

public sealed class MappingTests
{
    private static Expr X(DType type) => Expr.Input(0, type);

    private static Expr Y(DType type) => Expr.Input(1, type);

    /// <summary>f32 numbers from their bits; a signalling NaN does not survive being passed as a number.</summary>
    private static Tensor Singles(params uint[] bits) => Tensor.Wrap(MemoryMarshal.Cast<uint, float>(bits).ToArray(), [bits.Length]);

    [Fact]
    public void ArithmeticRoundsOnce()
    {
        Tensor x = Vector(1f, 16777216f, 3e38f, -0f), y = Vector(3f, 1f, 3e38f, 5f);

        Assert.Equal([1f / 3, 16777216f, 1f, -0f], Map<float>(X(DType.F32) / Y(DType.F32), x, y));
        Assert.Equal([4f, 16777216f, float.PositiveInfinity, 5f], Map<float>(X(DType.F32) + Y(DType.F32), x, y));
        // 2^24 + 1 - 2^24 keeps its last bit, because nothing rounds on the way.
        Assert.Equal([1f], Map<float>(X(DType.F32) + 1 - X(DType.F32), Vector(16777216f)));
    }

    [Fact]
    public void SinglePrecisionFmaHasOneRounding()
    {
        // a * b + c lies a hair above the middle of two f32 numbers; going by way of f64 it would land on the middle and round down.
        float a = 1 + MathF.Pow(2, -12), b = 1 + MathF.Pow(2, -12), c = MathF.Pow(2, -60);
        Expr body = X(DType.F32).Fma(Y(DType.F32), Expr.Input(2, DType.F32));

        Assert.Equal([MathF.FusedMultiplyAdd(a, b, c)], Map<float>(body, Vector(a), Vector(b), Vector(c)));
        Assert.NotEqual((float)Math.FusedMultiplyAdd(a, b, c), MathF.FusedMultiplyAdd(a, b, c));
    }

    [Fact]
    public void MinAndMaxPropagateNaNAndOrderZeros()
    {
        Tensor x = Vector(1.0, double.NaN, 0.0, -0.0), y = Vector(2.0, 5, -0.0, 0.0);

        Assert.Equal([1.0, double.NaN, -0.0, -0.0], Map<double>(X(DType.F64).Min(Y(DType.F64)), x, y));
        Assert.Equal([2.0, double.NaN, 0.0, 0.0], Map<double>(X(DType.F64).Max(Y(DType.F64)), x, y));
    }

    [Fact]
    public void RoundingFunctions()
    {
        Tensor x = Vector(-2.5, -0.5, 0.5, 1.5, 2.7);

        Assert.Equal([-3.0, -1, 0, 1, 2], Map<double>(X(DType.F64).Floor(), x));
        Assert.Equal([-2.0, -0.0, 1, 2, 3], Map<double>(X(DType.F64).Ceiling(), x));
        Assert.Equal([-2.0, -0.0, 0, 1, 2], Map<double>(X(DType.F64).Truncate(), x));
        Assert.Equal([-2.0, -0.0, 0, 2, 3], Map<double>(X(DType.F64).RoundEven(), x));
        Assert.Equal([2.5, 0.5, 0.5, 1.5, 2.7], Map<double>(X(DType.F64).Abs(), x));
        Assert.Equal([3.0], Map<double>(X(DType.F64).Sqrt(), Vector(9.0)));
    }

    [Fact]
    public void IntegersWrapAtEveryStep()
    {
        Assert.Equal([int.MinValue], Map<int>(X(DType.I32) + 1, Vector(int.MaxValue)));
        Assert.Equal([long.MinValue], Map<long>(X(DType.I64) + 1, Vector(long.MaxValue)));
        Assert.Equal([(byte)4], Map<byte>(X(DType.U8) + 5, Vector((byte)255)));
        // Were the sum kept in 64 bits, the comparison would be false.
        Assert.Equal([true], Map<bool>(X(DType.I32) + 1 < 0, Vector(int.MaxValue)));
        Assert.Equal([unchecked(3037000500L * 3037000500L)], Map<long>(X(DType.I64) * X(DType.I64), Vector(3037000500L)));
        Assert.Equal([int.MinValue, 7], Map<int>(X(DType.I32).Abs(), Vector(int.MinValue, -7)));
        Assert.Equal([(byte)255], Map<byte>(-X(DType.U8), Vector((byte)1)));
    }

    [Fact]
    public void IntegerDivisionTruncatesAndNeverTraps()
    {
        Assert.Equal([-3, 3, 0, int.MinValue], Map<int>(X(DType.I32) / Y(DType.I32), Vector(-7, 7, 7, int.MinValue), Vector(2, 2, 0, -1)));
        Assert.Equal([long.MinValue, 0L], Map<long>(X(DType.I64) / Y(DType.I64), Vector(long.MinValue, 5), Vector(-1L, 0)));
    }

    [Fact]
    public void BitsAreExact()
    {
        Assert.Equal([-2], Map<int>(X(DType.I32) >> 1, Vector(-3)));
        Assert.Equal([0x7FFFFFFE], Map<int>(X(DType.I32) >>> 1, Vector(-3)));
        Assert.Equal([unchecked((int)0x80000000)], Map<int>(X(DType.I32) << 31, Vector(3)));
        Assert.Equal([0x7FFFFFFFFFFFFFFE], Map<long>(X(DType.I64) >>> 1, Vector(-3L)));
        Assert.Equal([unchecked((int)0xFFFFFFFE)], Map<int>(X(DType.I32).MulHigh(Y(DType.I32)), Vector(-1), Vector(-1)));
        Assert.Equal([0b1000], Map<int>(X(DType.I32) & Y(DType.I32), Vector(0b1100), Vector(0b1010)));
        Assert.Equal([0b1110], Map<int>(X(DType.I32) | Y(DType.I32), Vector(0b1100), Vector(0b1010)));
        Assert.Equal([0b0110], Map<int>(X(DType.I32) ^ Y(DType.I32), Vector(0b1100), Vector(0b1010)));
        Assert.Equal([true, false], Map<bool>(X(DType.Bool) ^ Expr.Constant(1, DType.Bool), Vector(false, true)));
    }

    [Fact]
    public void BitcastSeesTheRoundedValue()
    {
        // 1 + 2^-30 is 1 in f32.
        Expr body = (X(DType.F32) + Math.Pow(2, -20) * Expr.Constant(Math.Pow(2, -10), DType.F32)).Bitcast(DType.I32);

        Assert.Equal([0x3F800000], Map<int>(body, Vector(1f)));
        Assert.Equal([1.5f], Map<float>(X(DType.I32).Bitcast(DType.F32), Vector(0x3FC00000)));
        Assert.Equal([unchecked((long)0x8000000000000000)], Map<long>(X(DType.F64).Bitcast(DType.I64), Vector(-0.0)));
        Assert.Equal([0x7F800001], Map<int>(X(DType.F32).Bitcast(DType.I32), Singles(0x7F800001)));
    }

    [Fact]
    public void CastsTruncateSaturateAndWrap()
    {
        Tensor x = Vector(-1.9, 300.5, double.NaN, 1e30, double.NegativeInfinity);

        Assert.Equal([-1, 300, 0, int.MaxValue, int.MinValue], Map<int>(X(DType.F64).Cast(DType.I32), x));
        Assert.Equal([-1L, 300, 0, long.MaxValue, long.MinValue], Map<long>(X(DType.F64).Cast(DType.I64), x));
        Assert.Equal([(byte)0, 255, 0, 255, 0], Map<byte>(X(DType.F64).Cast(DType.U8), x));
        Assert.Equal([true, true, true, true, true], Map<bool>(X(DType.F64).Cast(DType.Bool), x));
        Assert.Equal([false], Map<bool>(X(DType.F64).Cast(DType.Bool), Vector(-0.0)));
        Assert.Equal([-1, 0], Map<int>(X(DType.I64).Cast(DType.I32), Vector(0xFFFFFFFFL, 1L << 32)));
        Assert.Equal([true, false], Map<bool>(X(DType.I64).Cast(DType.Bool), Vector(256L, 0)));
        Assert.Equal([1f, 0f], Map<float>(X(DType.Bool).Cast(DType.F32), Vector(true, false)));
        // Going by way of f64 this would tie and round down.
        Assert.Equal([(float)((1L << 60) + (1L << 36) + 1)], Map<float>(X(DType.I64).Cast(DType.F32), Vector((1L << 60) + (1L << 36) + 1)));
        Assert.Equal([(Half)0.1, (Half)70000.0], Map<Half>(X(DType.F64).Cast(DType.F16), Vector(0.1, 70000.0)));
        Assert.Equal([(BFloat16)0.1f], Map<BFloat16>(X(DType.F32).Cast(DType.BF16), Vector(0.1f)));
    }

    [Fact]
    public void SelectComparisonsAndCoordinates()
    {
        Tensor x = Vector(1.0, double.NaN, 3.0);

        Assert.Equal([false, false, true], Map<bool>(X(DType.F64) > 2, x));
        Assert.Equal([true, false, false], Map<bool>(X(DType.F64) <= 2, x));
        Assert.Equal([false, false, true], Map<bool>(X(DType.F64).EqualTo(Expr.Constant(3, DType.F64)), x));
        Assert.Equal([0.0, 0, 3], Map<double>((X(DType.F64) > 2).Select(X(DType.F64), Expr.Constant(0, DType.F64)), x));
        Assert.Equal([0L, 1, 2, 0, 1, 2], Run<long>(new MapKernel(Expr.Coordinate(1)), [2, 3]));
        Assert.Equal([7L], Run<long>(new MapKernel(Expr.Constant(7, DType.I64)), []));
        Assert.Empty(Run<long>(new MapKernel(Expr.Coordinate(0)), [0, 3]));
    }

    [Fact]
    public void ACopyKeepsEveryBit()
    {
        float[] copy = Map<float>(X(DType.F32), Singles(0xFF800001, 0x80000000));

        Assert.Equal([0xFF800001, 0x80000000], MemoryMarshal.Cast<float, uint>(copy).ToArray());
    }

    [Fact]
    public void SharedPartsAreEvaluatedOnce()
    {
        Expr sum = X(DType.I32);
        for (int i = 0; i < 200; i++) sum += sum;

        Assert.Equal([0], Map<int>(sum, Vector(1)));
    }
}
