using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Perf.Accuracy;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Functions;

/// <summary>Time per element of the elementary functions in single precision, over 2048 ordinary arguments in the first-level cache, at 512 and 256 bits.</summary>
internal static unsafe class FunctionsSuite
{
    private const int Count = 2048, CallsPerSample = 32, Rounds = 1_000;

    // A stack is aligned to 16 bytes, and loops that keep wide vectors on it are slower where it is not aligned to 32: every function is measured at several places.
    private const int StackPlaces = 4, PlaceBytes = 16;

    // Nanoseconds per element of a prototype of the same algorithms with 512-bit vectors on a processor whose 512-bit units are full width (Zen 5, 3.7 to 3.95 GHz).
    private static readonly (ElementaryFunction Function, double Prototype)[] functions =
    [
        (ElementaryFunction.Exp, 0.150),
        (ElementaryFunction.Exp2, 0.113),
        (ElementaryFunction.Expm1, 0.300),
        (ElementaryFunction.Log, 0.216),
        (ElementaryFunction.Log2, 0.256),
        (ElementaryFunction.Log1p, 0.274),
        (ElementaryFunction.Tanh, 0.219),
        (ElementaryFunction.Sigmoid, 0.434),
        (ElementaryFunction.Erf, 0.294),
        (ElementaryFunction.Sin, 0.221),
        (ElementaryFunction.Cos, 0.226),
    ];

    public static void Run()
    {
        using var data = new Data();
        double[,,] best = new double[functions.Length, 2, StackPlaces];
        double clock = 0;
        for (int round = 0; round < Rounds; round++)
        {
            clock = Math.Max(clock, ClockProbe.Gigahertz());
            for (int f = 0; f < functions.Length; f++)
            {
                for (int w = 0; w < 2; w++)
                {
                    for (int place = 0; place < StackPlaces; place++)
                    {
                        double time = data.Time(f, w == 0 ? LaneWidth.Bits512 : LaneWidth.Bits256, place);
                        if (round == 0 || time < best[f, w, place]) best[f, w, place] = time;
                    }
                }
            }
        }

        Print($"clock {clock:F2} GHz, arithmetic peak {PeakProbe.SingleGigaflops(512):F0} GFLOP/s at 512 bits, {PeakProbe.SingleGigaflops(256):F0} at 256");
        Print($"| function | 512 bits, ns (worst place) | cycles | 256 bits, ns (worst place) | cycles | prototype, ns | 512 bits / prototype | 512 bits / twice the prototype | 256 bits / twice the prototype |");
        Print($"| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for (int f = 0; f < functions.Length; f++)
        {
            (double wide, double worstWide) = Range(best, f, 0);
            (double half, double worstHalf) = Range(best, f, 1);
            double prototype = functions[f].Prototype;
            Print($"| {functions[f].Function} | {wide:F3} ({worstWide:F3}) | {wide * clock:F2} | {half:F3} ({worstHalf:F3}) | {half * clock:F2} | {prototype:F3} | {wide / prototype:F2} | {wide / (2 * prototype):F2} | {half / (2 * prototype):F2} |");
        }
    }

    private static (double Least, double Most) Range(double[,,] times, int function, int width)
    {
        IEnumerable<double> places = Enumerable.Range(0, StackPlaces).Select(place => times[function, width, place]);
        return (places.Min(), places.Max());
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>Arguments of every function, and room for results.</summary>
    private sealed class Data : IDisposable
    {
        private readonly float* memory = (float*)NativeMemory.AlignedAlloc((nuint)(functions.Length + 1) * Count * sizeof(float), 64);

        public Data()
        {
            for (int i = 0; i < functions.Length * Count; i++)
                memory[Count + i] = (float)Arguments.Ordinary(functions[i / Count].Function, ((i % Count) + 0.5) / Count);
        }

        /// <summary>Nanoseconds per element over a few calls, with the stack moved to one of its places.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Time(int function, LaneWidth width, int place)
        {
            byte* shift = stackalloc byte[(place + 1) * PlaceBytes];
            shift[0] = (byte)place;
            delegate*<float*, float*, nint, void> loop = VectorMath.Unary32(functions[function].Function, width);
            float* arguments = memory + ((function + 1) * Count);
            loop(arguments, memory, Count);
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < CallsPerSample; i++) loop(arguments, memory, Count);
            return (Stopwatch.GetTimestamp() - start) * 1e9 / Stopwatch.Frequency / (CallsPerSample * Count);
        }

        public void Dispose() => NativeMemory.AlignedFree(memory);
    }
}
