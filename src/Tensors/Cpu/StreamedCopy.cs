using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>Copies to memory past the caches, which spares reading every line before it is overwritten. It pays for results that no cache would hold until they are read.</summary>
internal static unsafe class StreamedCopy
{
    /// <summary>Bytes written by a kernel from which on they would have left the caches of most processors before a reader comes.</summary>
    public const long LeastBytes = 32L << 20;

    /// <summary>Copies some bytes. Other threads see them after <see cref="Finish"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(byte* source, byte* target, nint bytes)
    {
        const int Line = 64;
        nint done = Math.Min(-(nint)target & (Line - 1), bytes);
        Unsafe.CopyBlockUnaligned(target, source, (uint)done);
        for (; done <= bytes - Line; done += Line)
        {
            if (Vector512.IsHardwareAccelerated)
            {
                Vector512.StoreAlignedNonTemporal(Vector512.Load(source + done), target + done);
                continue;
            }
            Vector256.StoreAlignedNonTemporal(Vector256.Load(source + done), target + done);
            Vector256.StoreAlignedNonTemporal(Vector256.Load(source + done + 32), target + done + 32);
        }
        Unsafe.CopyBlockUnaligned(target + done, source + done, (uint)(bytes - done));
    }

    /// <summary>Orders what was copied before all that this thread writes later.</summary>
    public static void Finish() => Interlocked.MemoryBarrier();
}
