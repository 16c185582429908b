using System.Numerics;

namespace Engine.Tensors.Tests;

/// <summary>
/// Arguments for the elementary functions: special values, neighbours of every threshold in the sequences, and pseudorandom numbers
/// over all bit patterns and over the ranges where the functions bend.
/// </summary>
internal static class Samples
{
    private static readonly double[] Centers =
    [
        0, 0.25, 0.3465, 0.3466, 0.46999, 0.47, 0.5, 2.0 / 3, 0.7, 0.70710678118654757, 0.9, 0.95, 1, 1.4, 1.4142135623730951, 1.5, 2, 3, 4, 6, 9.01,
        10, 10.5, 12, 18, 20, 26.6, 27.5, 37, 40, 87.33, 88.72, 89.4, 89.5, 103.97, 104, 126, 127, 128, 129, 149, 150, 151, 708.4, 709.78, 710.4757,
        710.6, 745.13, 746, 1022, 1023, 1024, 1074, 1075, 4096, 65536, 1e5, 8388608, 16777216, 268435456, 1e9, 4503599627370496, 9007199254740992,
        1e18, Math.PI / 4, Math.PI / 2, Math.PI, 3 * Math.PI / 2, 2 * Math.PI, 11 * Math.PI / 2, 1000 * Math.PI,
    ];

    public static float[] Singles(int count, int seed)
    {
        var list = new List<float>(count)
        {
            float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, 0f, -0f, float.Epsilon, -float.Epsilon,
            BitConverter.UInt32BitsToSingle(0x007FFFFF), BitConverter.UInt32BitsToSingle(0x00800000), BitConverter.UInt32BitsToSingle(0x80800000),
        };
        foreach (double center in Centers)
        {
            int bits = BitConverter.SingleToInt32Bits((float)center);
            for (int k = -8; k <= 8; k++)
            {
                float value = BitConverter.Int32BitsToSingle(Math.Max(0, bits + k));
                list.Add(value);
                list.Add(-value);
            }
        }

        for (int e = -149; e < 128; e++)
        {
            list.Add(MathF.ScaleB(1, e));
            list.Add(-MathF.BitDecrement(MathF.ScaleB(1, e)));
        }

        var random = new Random(seed);
        while (list.Count < count)
        {
            list.Add(BitConverter.Int32BitsToSingle((int)random.NextInt64(int.MinValue, int.MaxValue)));
            list.Add((random.NextSingle() - 0.5f) * 4);
            list.Add((random.NextSingle() - 0.5f) * 220);
            list.Add(MathF.ScaleB(random.NextSingle() - 0.5f, random.Next(-30, 30)));
            list.Add(1 + MathF.ScaleB(random.NextSingle() - 0.5f, random.Next(-24, 1)));
        }

        return [.. list];
    }

    public static double[] Doubles(int count, int seed)
    {
        var list = new List<double>(count)
        {
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, 0, -0.0, double.Epsilon, -double.Epsilon,
            BitConverter.UInt64BitsToDouble(0x000FFFFFFFFFFFFF), BitConverter.UInt64BitsToDouble(0x0010000000000000),
        };
        foreach (double center in Centers)
        {
            long bits = BitConverter.DoubleToInt64Bits(center);
            for (int k = -8; k <= 8; k++)
            {
                double value = BitConverter.Int64BitsToDouble(Math.Max(0, bits + k));
                list.Add(value);
                list.Add(-value);
            }
        }

        for (int e = -1074; e < 1024; e++)
        {
            list.Add(Math.ScaleB(1, e));
            list.Add(-Math.BitDecrement(Math.ScaleB(1, e)));
        }

        var random = new Random(seed);
        while (list.Count < count)
        {
            list.Add(BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)));
            list.Add((random.NextDouble() - 0.5) * 4);
            list.Add((random.NextDouble() - 0.5) * 1600);
            list.Add(Math.ScaleB(random.NextDouble() - 0.5, random.Next(-60, 60)));
            list.Add(1 + Math.ScaleB(random.NextDouble() - 0.5, random.Next(-53, 1)));
        }

        return [.. list];
    }

    /// <summary>A second operand for each first one: all specials against each other, then random pairs in a range that keeps powers finite.</summary>
    public static (double[] X, double[] Y) Pairs(int count, int seed, bool single)
    {
        double[] specials =
        [
            0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, -2.5, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e-40, -1e-40, 1e30, -1e30,
            8388607.5, 8388609, -8388609, 16777215, 16777216, 4503599627370495.5, 9007199254740991, 9007199254740992, 1.0000001, 0.9999999,
        ];
        var x = new List<double>();
        var y = new List<double>();
        foreach (double a in specials)
        {
            foreach (double b in specials)
            {
                x.Add(a);
                y.Add(b);
            }
        }

        var random = new Random(seed);
        while (x.Count < count)
        {
            double a = Math.ScaleB(random.NextDouble() + 0.5, random.Next(-40, 40));
            x.Add(a);
            y.Add((random.NextDouble() - 0.5) * (single ? 300 : 2200) / Math.Max(1e-3, Math.Abs(Math.Log2(a))));
            x.Add(single ? BitConverter.Int32BitsToSingle(random.Next()) : BitConverter.Int64BitsToDouble(random.NextInt64()));
            y.Add((random.NextDouble() - 0.5) * 40);
            x.Add(1 + Math.ScaleB(random.NextDouble() - 0.5, random.Next(-30, 0)));
            y.Add((random.NextDouble() - 0.5) * 400);
            x.Add(random.Next(-50, 50));
            y.Add(random.Next(-50, 50));
        }

        return ([.. x], [.. y]);
    }

    /// <summary>Distance of a result from a reference high + low, in units in the last place of the reference; 0 where both are NaN.</summary>
    public static double UlpError<T>(T actual, double high, double low)
        where T : IBinaryFloatingPointIeee754<T>
    {
        bool single = typeof(T) == typeof(float);
        double value = double.CreateChecked(actual);
        if (double.IsNaN(value) || double.IsNaN(high))
            return double.IsNaN(value) && double.IsNaN(high) ? 0 : double.PositiveInfinity;
        if (value.Equals(high) && low == 0)
            return 0;
        double largest = single ? float.MaxValue : double.MaxValue;
        if (double.IsInfinity(value) || double.IsInfinity(high))
        {
            bool bothLarge = Math.Abs(value) >= largest && Math.Abs(high) >= largest * (1 - (single ? 6e-8 : 2e-16));
            return bothLarge && Math.Sign(value) == Math.Sign(high) ? 0 : double.PositiveInfinity;
        }

        int exponent = high == 0 ? -2000 : Math.ILogB(high);
        double unit = single ? Math.ScaleB(1, Math.Max(exponent, -126) - 23) : Math.ScaleB(1, Math.Max(exponent, -1022) - 52);
        return Math.Abs((value - high) / unit - low / unit);
    }
}
