using System.Numerics;

namespace Engine.Perf.Accuracy;

/// <summary>
/// A binary floating-point number of 1400 bits, mantissa * 2^exponent, exact enough to serve as the reference for functions of doubles
/// even where 1 - erf(27) or the sine of 2^1023 cancels a thousand bits. Results are truncated, which loses a few of the last bits.
/// </summary>
internal readonly struct BigFloat
{
    public const int Precision = 1400;

    private readonly BigInteger mantissa;
    private readonly long exponent;

    public BigFloat(BigInteger mantissa, long exponent)
    {
        long excess = (long)BigInteger.Abs(mantissa).GetBitLength() - Precision;
        this.mantissa = excess > 0 ? mantissa >> (int)excess : mantissa;
        this.exponent = excess > 0 ? exponent + excess : exponent;
    }

    public static BigFloat Zero => default;

    public static BigFloat One { get; } = 1;

    public bool IsZero => mantissa.IsZero;

    public bool IsNegative => mantissa.Sign < 0;

    /// <summary>The number of bits before the binary point; the magnitude is below 2^Scale and at least half of that.</summary>
    public long Scale => (long)BigInteger.Abs(mantissa).GetBitLength() + exponent;

    public static implicit operator BigFloat(int value) => new(value, 0);

    public static implicit operator BigFloat(double value)
    {
        if (value == 0)
            return Zero;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int field = (int)((bits >> 52) & 0x7FF);
        long fraction = bits & 0xFFFFFFFFFFFFF;
        if (field != 0)
            fraction |= 1L << 52;
        return new BigFloat(bits < 0 ? -fraction : fraction, Math.Max(field, 1) - 1075);
    }

    public static BigFloat operator -(BigFloat a) => new(-a.mantissa, a.exponent);

    public static BigFloat operator +(BigFloat a, BigFloat b)
    {
        if (a.IsZero || b.IsZero)
            return a.IsZero ? b : a;
        if (a.Scale < b.Scale)
            (a, b) = (b, a);
        if (a.Scale - b.Scale > Precision + 8)
            return a;
        long common = Math.Min(a.exponent, b.exponent);
        return new BigFloat((a.mantissa << (int)(a.exponent - common)) + (b.mantissa << (int)(b.exponent - common)), common);
    }

    public static BigFloat operator -(BigFloat a, BigFloat b) => a + -b;

    public static BigFloat operator *(BigFloat a, BigFloat b) => new(a.mantissa * b.mantissa, a.exponent + b.exponent);

    public static BigFloat operator /(BigFloat a, BigFloat b)
    {
        int shift = Precision + 2 + (int)Math.Max(0, (long)b.mantissa.GetBitLength() - (long)a.mantissa.GetBitLength());
        return new BigFloat((a.mantissa << shift) / b.mantissa, a.exponent - b.exponent - shift);
    }

    public static bool operator <(BigFloat a, BigFloat b) => (a - b).IsNegative;

    public static bool operator >(BigFloat a, BigFloat b) => b < a;

    /// <summary>this * 2^power.</summary>
    public BigFloat ShiftedBy(long power) => new(mantissa, exponent + power);

    public BigFloat Abs() => new(BigInteger.Abs(mantissa), exponent);

    /// <summary>The nearest integer, as an integer.</summary>
    public BigInteger Round()
    {
        BigFloat shifted = this + new BigFloat(1, -1);
        return shifted.exponent >= 0 ? shifted.mantissa << (int)shifted.exponent
            : shifted.exponent < -4 * Precision ? (shifted.IsNegative ? -1 : 0)
            : shifted.mantissa >> (int)-shifted.exponent;
    }

    /// <summary>Square root by the integer square root, Newton's method from a double.</summary>
    public BigFloat Sqrt()
    {
        if (IsZero)
            return Zero;
        long half = Scale / 2;
        BigFloat scaled = ShiftedBy(-2 * half);
        BigFloat root = Math.Sqrt(scaled.ToDouble());
        for (int bits = 50; bits < 2 * Precision; bits *= 2)
            root = (root + scaled / root).ShiftedBy(-1);
        return root.ShiftedBy(half);
    }

    /// <summary>The nearest double, ties away from zero; subnormals and infinities included.</summary>
    public double ToDouble()
    {
        if (IsZero)
            return 0;
        long bits = Math.Min(53, Scale + 1074);
        if (bits < 0)
            return 0;
        if (Scale > 1025)
            return IsNegative ? double.NegativeInfinity : double.PositiveInfinity;
        BigInteger rounded = ShiftedBy(bits - Scale).Abs().Round();
        double magnitude = Math.ScaleB(Math.ScaleB((double)rounded, 40), (int)(Scale - bits) - 40);
        return IsNegative ? -magnitude : magnitude;
    }
}
