using System.Buffers.Binary;

namespace Engine.Tensors.Reference;

/// <summary>Storages to and from arrays of bits, one entry per element.</summary>
internal static class HostMemory
{
    /// <summary>The bits of every element of a storage.</summary>
    public static ulong[] Load(Storage storage)
    {
        int size = storage.DType.Size();
        byte[] bytes = new byte[checked(storage.Count * size)];
        storage.CopyTo(0, bytes);
        ulong[] bits = new ulong[storage.Count];
        for (int i = 0; i < bits.Length; i++)
        {
            ReadOnlySpan<byte> element = bytes.AsSpan(i * size, size);
            bits[i] = size switch
            {
                8 => BinaryPrimitives.ReadUInt64LittleEndian(element),
                4 => BinaryPrimitives.ReadUInt32LittleEndian(element),
                2 => BinaryPrimitives.ReadUInt16LittleEndian(element),
                _ => element[0],
            };
        }
        return bits;
    }

    /// <summary>Writes the elements of values to a storage, from one of its elements on.</summary>
    public static void Store(ReferenceArray values, Storage storage, int start)
    {
        int size = values.DType.Size();
        byte[] bytes = new byte[checked(values.Count * size)];
        Span<byte> element = stackalloc byte[8];
        for (int i = 0; i < values.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(element, values.Bits[i]);
            element[..size].CopyTo(bytes.AsSpan(i * size));
        }
        storage.CopyFrom(start, bytes);
    }
}
