using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Temporary memory for kernels (packed panels, partial results), kept between calls so that a steady state allocates nothing.
/// A buffer is rented for the length of one chunk. Safe for concurrent callers.
/// </summary>
/// <remarks>Rented rather than owned by a worker: a caller that finds the pool of threads busy runs its chunks itself and needs a buffer of its own.</remarks>
internal sealed class ScratchPool(int capacity)
{
    private readonly Scratch?[] _free = new Scratch?[capacity];

    /// <summary>A buffer of at least <paramref name="bytes"/> bytes with undefined contents; give it back with <see cref="Return"/>.</summary>
    public Scratch Rent(nuint bytes)
    {
        Scratch? scratch = null;
        for (var i = 0; i < _free.Length && scratch is null; i++)
            if (_free[i] is not null)
                scratch = Interlocked.Exchange(ref _free[i], null);
        scratch ??= new Scratch();
        scratch.Reserve(bytes);
        return scratch;
    }

    /// <summary>Gives a buffer back. When every place is taken the buffer is freed.</summary>
    public void Return(Scratch scratch)
    {
        for (var i = 0; i < _free.Length; i++)
            if (_free[i] is null && Interlocked.CompareExchange(ref _free[i], scratch, null) is null)
                return;
        scratch.Dispose();
    }

    /// <summary>Frees the buffers that nobody has rented.</summary>
    public void Clear()
    {
        for (var i = 0; i < _free.Length; i++)
            Interlocked.Exchange(ref _free[i], null)?.Dispose();
    }
}

/// <summary>A 64-byte aligned block of native memory that only grows.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private const nuint Alignment = 64;
    private nuint _bytes;

    /// <summary>Start of the block.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Makes the block at least this large. Contents are lost when it grows.</summary>
    public void Reserve(nuint bytes)
    {
        if (bytes > _bytes)
            Grow(bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(nuint bytes)
    {
        Free();
        // A quarter more than asked, so that slowly growing problems do not reallocate at each step.
        bytes += bytes / 4;
        Pointer = (byte*)NativeMemory.AlignedAlloc(bytes, Alignment);
        _bytes = bytes;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
        _bytes = 0;
    }

    ~Scratch() => Free();
}
