using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>Measures what the arithmetic units of one core can do at most: independent fused multiply-adds on registers and nothing else.</summary>
internal static class PeakProbe
{
    private const int Steps = 20_000;
    private const int Accumulators = 12;

    /// <summary>Single precision GFLOP/s at this vector width in bits, the best of several runs over about <paramref name="milliseconds"/>.</summary>
    public static double SingleGigaflops(int width, int milliseconds = 30)
    {
        var (best, end) = (double.MaxValue, Stopwatch.GetTimestamp() + Stopwatch.Frequency * milliseconds / 1000);
        do
        {
            var start = Stopwatch.GetTimestamp();
            if (width == 512)
                Loop<Vector512<float>, F32x16>();
            else if (width == 256)
                Loop<Vector256<float>, F32x8>();
            else
                Loop<Vector128<float>, F32x4>();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        while (Stopwatch.GetTimestamp() < end);
        return 2.0 * Accumulators * Steps * (width / 32) / best * 1e-9;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Loop<TVector, TSimd>()
        where TVector : struct
        where TSimd : struct, ISimd<float, TVector>
    {
        float factor = 0.999f, addend = 0.001f;
        TVector x = TSimd.Broadcast(&factor), y = TSimd.Broadcast(&addend);
        TVector c0 = y, c1 = y, c2 = y, c3 = y, c4 = y, c5 = y, c6 = y, c7 = y, c8 = y, c9 = y, c10 = y, c11 = y;
        for (var i = 0; i < Steps; i++)
        {
            c0 = TSimd.MultiplyAdd(c0, x, y);
            c1 = TSimd.MultiplyAdd(c1, x, y);
            c2 = TSimd.MultiplyAdd(c2, x, y);
            c3 = TSimd.MultiplyAdd(c3, x, y);
            c4 = TSimd.MultiplyAdd(c4, x, y);
            c5 = TSimd.MultiplyAdd(c5, x, y);
            c6 = TSimd.MultiplyAdd(c6, x, y);
            c7 = TSimd.MultiplyAdd(c7, x, y);
            c8 = TSimd.MultiplyAdd(c8, x, y);
            c9 = TSimd.MultiplyAdd(c9, x, y);
            c10 = TSimd.MultiplyAdd(c10, x, y);
            c11 = TSimd.MultiplyAdd(c11, x, y);
        }
        // A result that is stored keeps the loop from being removed.
        var sum = TSimd.Add(TSimd.Add(TSimd.Add(c0, c1), TSimd.Add(c2, c3)), TSimd.Add(TSimd.Add(c4, c5), TSimd.Add(c6, c7)));
        var sink = stackalloc float[TSimd.Width];
        TSimd.Store(sink, TSimd.Add(sum, TSimd.Add(TSimd.Add(c8, c9), TSimd.Add(c10, c11))));
    }
}
