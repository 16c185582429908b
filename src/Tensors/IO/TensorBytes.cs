using System.Runtime.InteropServices;

namespace Engine.Tensors.IO;

/// <summary>The elements of a tensor as bytes of a file: row-major, whatever the layout in memory.</summary>
internal static class TensorBytes
{
    // Elements are handed over in parts: a span of bytes cannot cover a tensor of more than 2 GiB.
    private const int Part = 1 << 16;

    /// <summary>Bytes of all elements.</summary>
    public static long Size(Tensor tensor) => (long)tensor.Count * tensor.DType.Size();

    /// <summary>Writes the elements, least significant byte first unless told otherwise.</summary>
    public static void Write(Stream stream, Tensor tensor, bool bigEndian = false)
    {
        switch (tensor.DType)
        {
            case DType.F32:
                Write<float>(stream, tensor, bigEndian);
                break;
            case DType.F64:
                Write<double>(stream, tensor, bigEndian);
                break;
            case DType.I32:
                Write<int>(stream, tensor, bigEndian);
                break;
            case DType.I64:
                Write<long>(stream, tensor, bigEndian);
                break;
            case DType.U8:
                Write<byte>(stream, tensor, bigEndian);
                break;
            case DType.Bool:
                Write<bool>(stream, tensor, bigEndian);
                break;
            case DType.F16:
                Write<Half>(stream, tensor, bigEndian);
                break;
            default:
                Write<BFloat16>(stream, tensor, bigEndian);
                break;
        }
    }

    private static void Write<T>(Stream stream, Tensor tensor, bool bigEndian) where T : unmanaged
    {
        tensor = tensor.Resolve("write");
        ReadOnlySpan<T> values = tensor.Layout.IsContiguous && tensor.Storage is HostStorage host
            ? host.Span<T>().Slice(tensor.Layout.Offset, tensor.Count)
            : tensor.ToArray<T>();
        for (int start = 0; start < values.Length; start += Part)
        {
            ReadOnlySpan<byte> part = MemoryMarshal.AsBytes(values.Slice(start, Math.Min(Part, values.Length - start)));
            if (bigEndian)
            {
                byte[] turned = part.ToArray();
                ByteOrder.Reverse(turned, tensor.DType.Size());
                part = turned;
            }
            stream.Write(part);
        }
    }
}
