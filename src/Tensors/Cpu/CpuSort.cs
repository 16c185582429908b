using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>The indices that sort lines along an axis: ascending, stable, NaN last.</summary>
internal sealed unsafe class CpuSort<T>(SortKernel kernel, Operand input) : CpuKernel where T : unmanaged, INumber<T>
{
    private readonly AxisLines lines = new(input.Layout, kernel.Axis, sizeof(T));

    public override void Run(void** operands, WorkerPool pool)
    {
        int chunks = Chunks(lines.Count, lines.Count * (double)lines.Length * 20, pool.Threads);
        Parallel(0, chunks, operands, (void*)chunks, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part(lines.Count, chunk, (int)shared);
        int length = lines.Length;
        nint step = lines.Step, innerCount = (nint)lines.InnerCount;
        Scratch memory = scratch.Rent((nuint)length * 2 * (sizeof(ulong) + sizeof(int)));
        ulong* keys = (ulong*)memory.Pointer;
        ulong* otherKeys = keys + length;
        int* order = (int*)(otherKeys + length);
        int* otherOrder = order + length;
        for (long line = first; line < end; line++)
        {
            T* x = (T*)operands[0] + lines.Line(line, out nint result);
            for (int j = 0; j < length; j++)
            {
                keys[j] = StableSort.Key(x[j * step]);
                order[j] = j;
            }
            int* sorted = StableSort.Sort(keys, order, otherKeys, otherOrder, length, sizeof(T));
            long* y = (long*)operands[1] + result;
            for (int j = 0; j < length; j++) y[j * innerCount] = sorted[j];
        }
        scratch.Return(memory);
    }
}

/// <summary>A stable sort of integers that carry a position.</summary>
internal static unsafe class StableSort
{
    private const int Short = 48;

    /// <summary>An unsigned number that orders as the element does: NaN above all, both zeros equal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Key<T>(T value) where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float))
        {
            float f = (float)(object)value;
            if (float.IsNaN(f)) return uint.MaxValue;
            uint bits = BitConverter.SingleToUInt32Bits(f + 0f);
            return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        }
        if (typeof(T) == typeof(double))
        {
            double d = (double)(object)value;
            if (double.IsNaN(d)) return ulong.MaxValue;
            ulong bits = BitConverter.DoubleToUInt64Bits(d + 0.0);
            return (bits >> 63) != 0 ? ~bits : bits | (1UL << 63);
        }
        if (typeof(T) == typeof(int)) return (uint)(int)(object)value ^ 0x8000_0000u;
        if (typeof(T) == typeof(long)) return unchecked((ulong)(long)(object)value) ^ (1UL << 63);
        return (byte)(object)value;
    }

    /// <summary>Sorts positions by key and returns where they are: in <paramref name="order"/> or in <paramref name="otherOrder"/>.</summary>
    /// <param name="keys">The keys; overwritten.</param>
    /// <param name="order">The positions.</param>
    /// <param name="otherKeys">Scratch of the same length.</param>
    /// <param name="otherOrder">Scratch of the same length.</param>
    /// <param name="count">How many.</param>
    /// <param name="bytes">Bytes of a key that are not all zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int* Sort(ulong* keys, int* order, ulong* otherKeys, int* otherOrder, int count, int bytes)
    {
        if (count <= Short)
        {
            Insert(keys, order, count);
            return order;
        }
        int* places = stackalloc int[256];
        for (int shift = 0; shift < 8 * bytes; shift += 8)
        {
            new Span<int>(places, 256).Clear();
            for (int i = 0; i < count; i++) places[(byte)(keys[i] >> shift)]++;
            // A byte that all keys share orders nothing.
            if (places[(byte)(keys[0] >> shift)] == count) continue;
            int sum = 0;
            for (int b = 0; b < 256; b++) (places[b], sum) = (sum, sum + places[b]);
            for (int i = 0; i < count; i++)
            {
                int place = places[(byte)(keys[i] >> shift)]++;
                otherKeys[place] = keys[i];
                otherOrder[place] = order[i];
            }
            ulong* k = keys;
            keys = otherKeys;
            otherKeys = k;
            int* o = order;
            order = otherOrder;
            otherOrder = o;
        }
        return order;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Insert(ulong* keys, int* order, int count)
    {
        for (int i = 1; i < count; i++)
        {
            ulong key = keys[i];
            int position = order[i], j = i - 1;
            for (; j >= 0 && keys[j] > key; j--)
            {
                keys[j + 1] = keys[j];
                order[j + 1] = order[j];
            }
            keys[j + 1] = key;
            order[j + 1] = position;
        }
    }
}
