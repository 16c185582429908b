using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Engine.Tensors;

namespace Engine.Optim.Training;

/// <summary>The identity of a set of tensors: a hash that agrees exactly when every bit does.</summary>
public static class LeafHash
{
    /// <summary>SHA-256 over the leaves' elements, row-major and little-endian, in leaf order.</summary>
    /// <param name="tree">Weights, buffers, or any other tree.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public static string Sha256<T>(T tree) where T : ITree<T>
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor leaf in Tree.Leaves(tree)) hash.AppendData(BytesOf(leaf));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static ReadOnlySpan<byte> BytesOf(Tensor tensor) => tensor.DType switch
    {
        DType.F32 => Bytes<float>(tensor),
        DType.F64 => Bytes<double>(tensor),
        DType.F16 => Bytes<Half>(tensor),
        DType.BF16 => Bytes<BFloat16>(tensor),
        DType.I32 => Bytes<int>(tensor),
        DType.I64 => Bytes<long>(tensor),
        DType.U8 => Bytes<byte>(tensor),
        DType.Bool => Bytes<bool>(tensor),
        _ => throw new ArgumentOutOfRangeException(nameof(tensor)),
    };

    // .NET runs on little-endian machines only where this engine does; the elements' bytes are the file's bytes.
    private static ReadOnlySpan<byte> Bytes<T>(Tensor tensor) where T : unmanaged => MemoryMarshal.AsBytes<T>(tensor.ToArray<T>());
}
