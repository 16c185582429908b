using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Blocks of a matrix whose contiguous axis is the wrong one, turned around.</summary>
internal static unsafe class BlockTranspose
{
    /// <summary>target[p * count + i] = source[i * stride + p] for i below <paramref name="count"/> and p below <paramref name="depth"/>; elements of any size.</summary>
    public static void Run(byte* source, nint stride, int count, int depth, byte* target, int size)
    {
        switch (size)
        {
            case 4: GemmPacking.Pack((float*)source, stride, 1, count, depth, (float*)target, count); break;
            case 8: GemmPacking.Pack((double*)source, stride, 1, count, depth, (double*)target, count); break;
            case 2: Run((ushort*)source, stride, count, depth, (ushort*)target); break;
            default: Run(source, stride, count, depth, target); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<T>(T* source, nint stride, int count, int depth, T* target) where T : unmanaged
    {
        // Eight lines at a time: what is written next to each other is read from lines that stay in the cache.
        for (int first = 0; first < count; first += 8)
        {
            int lines = Math.Min(8, count - first);
            for (int p = 0; p < depth; p++)
            {
                T* from = source + (first * stride) + p, to = target + ((nint)p * count) + first;
                for (int i = 0; i < lines; i++) to[i] = from[i * stride];
            }
        }
    }
}
