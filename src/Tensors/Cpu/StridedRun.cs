using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>One line of elements, evenly spaced in memory.</summary>
internal static unsafe class StridedRun
{
    /// <summary>Copies a line to contiguous memory. The step counts elements.</summary>
    public static void Copy(byte* source, nint step, byte* destination, long count, int size)
    {
        if (step == 1)
        {
            if (count * size > 64) Buffer.MemoryCopy(source, destination, count * size, count * size);
            else CopyShort(source, destination, (int)count * size);
            return;
        }
        switch (size)
        {
            case 1: Copy(source, step, destination, count); break;
            case 2: Copy((ushort*)source, step, (ushort*)destination, count); break;
            case 4: Copy((uint*)source, step, (uint*)destination, count); break;
            default: Copy((ulong*)source, step, (ulong*)destination, count); break;
        }
    }

    /// <summary>Copies contiguous memory to a line. The step counts elements.</summary>
    public static void Spread(byte* source, byte* destination, nint step, long count, int size)
    {
        if (step == 1)
        {
            Buffer.MemoryCopy(source, destination, count * size, count * size);
            return;
        }
        switch (size)
        {
            case 1: Spread(source, destination, step, count); break;
            case 2: Spread((ushort*)source, (ushort*)destination, step, count); break;
            case 4: Spread((uint*)source, (uint*)destination, step, count); break;
            default: Spread((ulong*)source, (ulong*)destination, step, count); break;
        }
    }

    private static void CopyShort(byte* source, byte* destination, int bytes)
    {
        int i = 0;
        for (; i <= bytes - 8; i += 8) Unsafe.WriteUnaligned(destination + i, Unsafe.ReadUnaligned<ulong>(source + i));
        for (; i < bytes; i++) destination[i] = source[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<T>(T* source, nint step, T* destination, long count) where T : unmanaged
    {
        if (step == 0)
        {
            T value = *source;
            if (count >= 32) new Span<T>(destination, (int)count).Fill(value);
            else for (long i = 0; i < count; i++) destination[i] = value;
            return;
        }
        long n = 0;
        for (; n <= count - 4; n += 4)
        {
            T a = source[0], b = source[step], c = source[2 * step], d = source[3 * step];
            destination[n] = a;
            destination[n + 1] = b;
            destination[n + 2] = c;
            destination[n + 3] = d;
            source += 4 * step;
        }
        for (; n < count; n++, source += step) destination[n] = *source;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread<T>(T* source, T* destination, nint step, long count) where T : unmanaged
    {
        for (long i = 0; i < count; i++, destination += step) *destination = source[i];
    }
}
