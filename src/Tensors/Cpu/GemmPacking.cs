using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <summary>Copies a strip of a matrix into a panel: for each step of k, <c>width</c> neighbouring elements, contiguous.</summary>
internal static unsafe class GemmPacking
{
    /// <summary>panel[p * width + i] = source[i * stride + p * step] for i below <paramref name="count"/> and p below <paramref name="depth"/>; 0 for i from count to width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack<T>(T* source, nint stride, nint step, int count, int depth, T* panel, int width)
        where T : unmanaged
    {
        if (count < width && stride == 1 && Avx.IsSupported && width % Vector256<T>.Count == 0)
        {
            CopyPadded(source, step, count, depth, panel, width);
            return;
        }
        if (count < width)
            Clear(panel + count, width - count, depth, width);
        if (stride == 1)
            Copy(source, step, count, depth, panel, width);
        else if (step == 1)
            Transpose(source, stride, count, depth, panel, width);
        else
            Gather(source, stride, step, 0, count, 0, depth, panel, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Clear<T>(T* panel, int count, int depth, int width)
        where T : unmanaged
    {
        for (var p = 0; p < depth; p++, panel += width)
            for (var i = 0; i < count; i++)
                panel[i] = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<T>(T* source, nint step, int count, int depth, T* panel, int width)
        where T : unmanaged
    {
        if (Vector256.IsHardwareAccelerated && count % Vector256<T>.Count == 0)
        {
            for (var p = 0; p < depth; p++, source += step, panel += width)
                for (nint i = 0; i < count; i += Vector256<T>.Count)
                    Vector256.Load(source + i).Store(panel + i);
            return;
        }
        for (var p = 0; p < depth; p++, source += step, panel += width)
        {
            nint i = 0;
            for (; i <= count - Vector128<T>.Count; i += Vector128<T>.Count)
                Vector128.Load(source + i).Store(panel + i);
            for (; i < count; i++)
                panel[i] = source[i];
        }
    }

    /// <summary>Copies rows that are shorter than the panel's by whole vectors; the last one touches no memory beyond the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyPadded<T>(T* source, nint step, int count, int depth, T* panel, int width)
        where T : unmanaged
    {
        var rest = count % Vector256<T>.Count;
        var single = Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(rest)).AsSingle();
        var full = Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)rest)).AsDouble();
        for (var p = 0; p < depth; p++, source += step, panel += width)
        {
            nint i = 0;
            for (; i < count - rest; i += Vector256<T>.Count)
                Vector256.Load(source + i).Store(panel + i);
            if (rest != 0)
            {
                if (sizeof(T) == sizeof(float))
                    Avx.MaskLoad((float*)(source + i), single).Store((float*)(panel + i));
                else
                    Avx.MaskLoad((double*)(source + i), full).Store((double*)(panel + i));
                i += Vector256<T>.Count;
            }
            for (; i < width; i += Vector256<T>.Count)
                Vector256<T>.Zero.Store(panel + i);
        }
    }

    /// <summary>panel[p * width + i] = source[i * stride + p] for i below <paramref name="count"/> and p below <paramref name="depth"/>; square blocks are transposed in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Transpose<T>(T* source, nint stride, int count, int depth, T* panel, int width)
        where T : unmanaged
    {
        var i = 0;
        if (!Avx.IsSupported)
        {
            Gather(source, stride, 1, 0, count, 0, depth, panel, width);
            return;
        }
        if (sizeof(T) == sizeof(float))
            for (; i <= count - 8; i += 8)
                TransposeRows(source, stride, i, 8, depth, panel, width);
        for (; i <= count - 4; i += 4)
            TransposeRows(source, stride, i, 4, depth, panel, width);
        Gather(source, stride, 1, i, count, 0, depth, panel, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeRows<T>(T* source, nint stride, int i, int block, int depth, T* panel, int width)
        where T : unmanaged
    {
        var from = source + i * stride;
        var to = panel + i;
        var p = 0;
        for (; p <= depth - block; p += block, from += block, to += block * width)
        {
            if (sizeof(T) != sizeof(float))
                Transpose4x4((double*)from, stride, (double*)to, width);
            else if (block == 8)
                Transpose8x8((float*)from, stride, (float*)to, width);
            else
                Transpose4x4((float*)from, stride, (float*)to, width);
        }
        Gather(source, stride, 1, i, i + block, p, depth, panel, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather<T>(T* source, nint stride, nint step, int begin, int end, int from, int depth, T* panel, int width)
        where T : unmanaged
    {
        for (var i = begin; i < end; i++)
        {
            var element = source + i * stride + from * step;
            for (nint p = from; p < depth; p++, element += step)
                panel[p * width + i] = *element;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8x8(float* from, nint stride, float* to, nint width)
    {
        // Halves of rows i and i + 4 are joined while loading, so that the shuffles that follow stay within 128-bit lanes.
        var r0 = Join(from, from + 4 * stride);
        var r1 = Join(from + stride, from + 5 * stride);
        var r2 = Join(from + 2 * stride, from + 6 * stride);
        var r3 = Join(from + 3 * stride, from + 7 * stride);
        Transpose4(r0, r1, r2, r3, to, width);
        from += 4;
        r0 = Join(from, from + 4 * stride);
        r1 = Join(from + stride, from + 5 * stride);
        r2 = Join(from + 2 * stride, from + 6 * stride);
        r3 = Join(from + 3 * stride, from + 7 * stride);
        Transpose4(r0, r1, r2, r3, to + 4 * width, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Join(float* low, float* high) => Vector256.Create(Vector128.Load(low), Vector128.Load(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* to, nint width)
    {
        var t0 = Avx.UnpackLow(r0, r1).AsDouble();
        var t1 = Avx.UnpackLow(r2, r3).AsDouble();
        var t2 = Avx.UnpackHigh(r0, r1).AsDouble();
        var t3 = Avx.UnpackHigh(r2, r3).AsDouble();
        Avx.UnpackLow(t0, t1).AsSingle().Store(to);
        Avx.UnpackHigh(t0, t1).AsSingle().Store(to + width);
        Avx.UnpackLow(t2, t3).AsSingle().Store(to + 2 * width);
        Avx.UnpackHigh(t2, t3).AsSingle().Store(to + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(float* from, nint stride, float* to, nint width)
    {
        var r0 = Vector128.Load(from);
        var r1 = Vector128.Load(from + stride);
        var r2 = Vector128.Load(from + 2 * stride);
        var r3 = Vector128.Load(from + 3 * stride);
        var t0 = Sse.UnpackLow(r0, r1).AsDouble();
        var t1 = Sse.UnpackLow(r2, r3).AsDouble();
        var t2 = Sse.UnpackHigh(r0, r1).AsDouble();
        var t3 = Sse.UnpackHigh(r2, r3).AsDouble();
        Sse2.UnpackLow(t0, t1).AsSingle().Store(to);
        Sse2.UnpackHigh(t0, t1).AsSingle().Store(to + width);
        Sse2.UnpackLow(t2, t3).AsSingle().Store(to + 2 * width);
        Sse2.UnpackHigh(t2, t3).AsSingle().Store(to + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(double* from, nint stride, double* to, nint width)
    {
        var r0 = Join(from, from + 2 * stride);
        var r1 = Join(from + stride, from + 3 * stride);
        Avx.UnpackLow(r0, r1).Store(to);
        Avx.UnpackHigh(r0, r1).Store(to + width);
        from += 2;
        r0 = Join(from, from + 2 * stride);
        r1 = Join(from + stride, from + 3 * stride);
        Avx.UnpackLow(r0, r1).Store(to + 2 * width);
        Avx.UnpackHigh(r0, r1).Store(to + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Join(double* low, double* high) => Vector256.Create(Vector128.Load(low), Vector128.Load(high));
}
