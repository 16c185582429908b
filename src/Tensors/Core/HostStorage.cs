using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors;

/// <summary>Host memory: a garbage-collected array of the element type.</summary>
/// <param name="dtype">Element type.</param>
/// <param name="data">A one-dimensional array whose element is the type's C# counterpart.</param>
internal sealed class HostStorage(DType dtype, Array data) : Storage
{
    /// <summary>The memory space of every device that computes on host memory.</summary>
    public static object Space => typeof(HostStorage);

    public override DType DType { get; } = dtype;

    public override int Count { get; } = data.Length;

    /// <summary>The array.</summary>
    public Array Data { get; } = data;

    /// <summary>The first byte of the array. Pin it before taking a pointer.</summary>
    public ref byte Origin => ref MemoryMarshal.GetArrayDataReference(Data);

    /// <summary>Every byte of the array.</summary>
    public Span<byte> Bytes => MemoryMarshal.CreateSpan(ref Origin, checked(Count * DType.Size()));

    /// <summary>The elements; <typeparamref name="T"/> is the element type.</summary>
    public Span<T> Span<T>() where T : unmanaged => MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref Origin), Count);

    public override void CopyTo(int start, Span<byte> destination) =>
        Bytes.Slice(start * DType.Size(), destination.Length).CopyTo(destination);

    public override void CopyFrom(int start, ReadOnlySpan<byte> source) => source.CopyTo(Bytes[(start * DType.Size())..]);
}
