using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Accuracy;

/// <summary>
/// Largest errors of the elementary functions: binary32 over every stride-th bit pattern against the binary64 functions, those over
/// samples against <see cref="BigFunctions"/>; also that all widths give the same bits, a fingerprint of the bits, and the time per element.
/// </summary>
internal static unsafe class UlpSuite
{
    private const int Block = 4096;

    public static int Run(string[] options)
    {
        long stride = 1;
        int samples = 2000;
        string? only = null;
        for (int i = 0; i < options.Length; i++)
        {
            switch (options[i])
            {
                case "--stride":
                    stride = long.Parse(options[++i], CultureInfo.InvariantCulture);
                    break;
                case "--samples":
                    samples = int.Parse(options[++i], CultureInfo.InvariantCulture);
                    break;
                default:
                    only = options[i];
                    break;
            }
        }

        Console.WriteLine($"binary32: every {stride} of 2^32 arguments; binary64: 4 x {samples} samples; width {VectorMath.Widest}");
        Console.WriteLine($"{"function",-9}{"f32 ulp",8} {"at",-30}{"f64 ulp",8} {"at",-50}{"f32 ns",8}{"f64 ns",8}  fingerprint");
        bool agree = true;
        foreach (ElementaryFunction function in Enum.GetValues<ElementaryFunction>())
        {
            if (only != null && !function.ToString().Equals(only, StringComparison.OrdinalIgnoreCase))
                continue;
            using var buffers = new Buffers();
            Worst single = Singles(function, stride, buffers);
            Worst full = Doubles(function, samples, buffers);
            agree &= single.WidthsAgree && full.WidthsAgree;
            string mark = single.WidthsAgree && full.WidthsAgree ? "" : "  WIDTHS DIFFER";
            Console.Write($"{function,-9}{single.Error,8:F4} {single.Where,-30}{full.Error,8:F4} {full.Where,-50}");
            Console.WriteLine($"{buffers.Time32(function),8:F3}{buffers.Time64(function),8:F3}  {single.Hash:x16} {full.Hash:x16}{mark}");
        }

        return agree ? 0 : 1;
    }

    private static Worst Singles(ElementaryFunction function, long stride, Buffers b)
    {
        var worst = new Worst();
        bool binary = VectorMath.IsBinary(function);
        for (long start = 0; start < 1L << 32; start += Block * stride)
        {
            for (int i = 0; i < Block; i++)
            {
                uint bits = (uint)(start + (i * stride));
                (double x, double y) = binary ? Arguments.Pair(function, bits, 149) : (BitConverter.UInt32BitsToSingle(bits), 0);
                b.X32[i] = (float)x;
                b.Y32[i] = (float)y;
                b.X64[i] = b.X32[i];
                b.Y64[i] = b.Y32[i];
            }

            b.Run64(function, VectorMath.Widest, b.R64);
            b.Run32(function, VectorMath.Widest, b.R32);
            for (int i = 0; i < Block; i++)
            {
                double error = Error(b.R32[i], b.R64[i], -126, 23, float.MaxValue);
                worst.Add(error, b.X64[i], b.Y64[i], binary, BitConverter.SingleToUInt32Bits(b.R32[i]), float.IsNaN(b.R32[i]));
            }

            foreach (LaneWidth width in Widths)
            {
                // The scalar loop is an order slower: a sixteenth of the blocks.
                if (width == LaneWidth.Scalar && (start / (Block * stride)) % 16 != 0)
                    continue;
                b.Run32(function, width, b.S32);
                for (int i = 0; i < Block; i++)
                    worst.WidthsAgree &= Same(b.R32[i], b.S32[i]);
            }
        }

        return worst;
    }

    private static Worst Doubles(ElementaryFunction function, int samples, Buffers b)
    {
        var worst = new Worst();
        bool binary = VectorMath.IsBinary(function);
        for (int start = 0; start < 4 * samples; start += Block)
        {
            for (int i = 0; i < Block; i++)
            {
                (double x, double y) = binary ? Arguments.Pair(function, (ulong)(start + i), 1074) : (Arguments.One(function, (ulong)(start + i)), 0);
                b.X64[i] = x;
                b.Y64[i] = y;
            }

            b.Run64(function, VectorMath.Widest, b.R64);
            int count = Math.Min(Block, (4 * samples) - start);
            double[] errors = new double[count];
            Parallel.For(0, count, i =>
            {
                if (BigFunctions.Evaluate(function, b.X64[i], b.Y64[i]) is not { } exact)
                    return;
                errors[i] = double.IsFinite(b.R64[i])
                    ? ((BigFloat)b.R64[i] - exact).ShiftedBy(52 - Math.Max(exact.Scale - 1, -1022)).Abs().ToDouble()
                    : Error(b.R64[i], exact.ToDouble(), -1022, 52, double.MaxValue);
            });
            for (int i = 0; i < count; i++)
                worst.Add(errors[i], b.X64[i], b.Y64[i], binary, BitConverter.DoubleToUInt64Bits(b.R64[i]), double.IsNaN(b.R64[i]));

            foreach (LaneWidth width in Widths)
            {
                b.Run64(function, width, b.S64);
                for (int i = 0; i < Block; i++)
                    worst.WidthsAgree &= Same(b.R64[i], b.S64[i]);
            }
        }

        return worst;
    }

    private static LaneWidth[] Widths =>
        [.. new[] { LaneWidth.Scalar, LaneWidth.Bits128, LaneWidth.Bits256, LaneWidth.Bits512 }.Where(width => width < VectorMath.Widest)];

    /// <summary>Equal down to the sign of zero, any NaN being equal to any other.</summary>
    private static bool Same(double a, double b) => a.Equals(b) && (double.IsNaN(a) || double.IsNegative(a) == double.IsNegative(b));

    /// <summary>|actual - reference| in units in the last place of the reference; 0 where both overflow or both are NaN.</summary>
    private static double Error(double actual, double reference, int minExponent, int fractionBits, double largest)
    {
        if (double.IsNaN(actual) || double.IsNaN(reference))
            return double.IsNaN(actual) && double.IsNaN(reference) ? 0 : double.PositiveInfinity;
        if (actual == reference)
            return 0;
        if (double.IsInfinity(actual) || double.IsInfinity(reference))
        {
            bool bothLarge = Math.Abs(actual) >= largest && Math.Abs(reference) >= largest * (1 - Math.ScaleB(1, -fractionBits));
            return bothLarge && Math.Sign(actual) == Math.Sign(reference) ? 0 : double.PositiveInfinity;
        }

        int exponent = reference == 0 ? minExponent : Math.Max(Math.ILogB(reference), minExponent);
        return Math.Abs(Math.ScaleB(actual - reference, fractionBits - exponent));
    }

    private sealed class Worst
    {
        public double Error { get; private set; } = -1;

        public string Where { get; private set; } = "";

        public bool WidthsAgree { get; set; } = true;

        public ulong Hash { get; private set; } = 14695981039346656037;

        public void Add(double error, double x, double y, bool binary, ulong bits, bool isNaN)
        {
            Hash = (Hash ^ (isNaN ? 0x7FF8 : bits)) * 1099511628211;
            if (!(error > Error))
                return;
            Error = error;
            Where = binary ? $"{x:R}, {y:R}" : $"{x:R}";
        }
    }

    private sealed class Buffers : IDisposable
    {
        private readonly void* memory = NativeMemory.AlignedAlloc(Block * 8 * 8, 64);

        public double* X64 => (double*)memory;

        public double* Y64 => X64 + Block;

        public double* R64 => X64 + (2 * Block);

        public double* S64 => X64 + (3 * Block);

        public float* X32 => (float*)(X64 + (4 * Block));

        public float* Y32 => X32 + Block;

        public float* R32 => X32 + (2 * Block);

        public float* S32 => X32 + (3 * Block);

        public void Run32(ElementaryFunction function, LaneWidth width, float* result, int count = Block)
        {
            if (VectorMath.IsBinary(function))
                VectorMath.Binary32(function, width)(X32, Y32, result, count);
            else
                VectorMath.Unary32(function, width)(X32, result, count);
        }

        public void Run64(ElementaryFunction function, LaneWidth width, double* result, int count = Block)
        {
            if (VectorMath.IsBinary(function))
                VectorMath.Binary64(function, width)(X64, Y64, result, count);
            else
                VectorMath.Unary64(function, width)(X64, result, count);
        }

        public double Time32(ElementaryFunction function) => Time(function, () => Run32(function, VectorMath.Widest, R32, 2048));

        public double Time64(ElementaryFunction function) => Time(function, () => Run64(function, VectorMath.Widest, R64, 2048));

        public void Dispose() => NativeMemory.AlignedFree(memory);

        /// <summary>Nanoseconds per element over 2048 ordinary arguments in the first-level cache, the best of many runs.</summary>
        private double Time(ElementaryFunction function, Action run)
        {
            for (int i = 0; i < 2048; i++)
            {
                X64[i] = Arguments.Ordinary(function, (i + 0.5) / 2048);
                X32[i] = (float)X64[i];
                Y64[i] = Y32[i] = i / 256f;
            }

            double best = double.PositiveInfinity;
            for (int round = 0; round < 200; round++)
            {
                long begin = Stopwatch.GetTimestamp();
                run();
                // Not as a TimeSpan, whose steps are 100 ns.
                best = Math.Min(best, (Stopwatch.GetTimestamp() - begin) * 1e9 / Stopwatch.Frequency / 2048);
            }

            return best;
        }
    }
}
