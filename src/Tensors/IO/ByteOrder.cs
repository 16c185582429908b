using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Engine.Tensors.IO;

/// <summary>Memory is little endian; files may not be.</summary>
internal static class ByteOrder
{
    /// <summary>Turns the bytes of every element around, in place.</summary>
    public static void Reverse(Span<byte> bytes, int elementSize)
    {
        switch (elementSize)
        {
            case 2:
                Span<ushort> two = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(two, two);
                break;
            case 4:
                Span<uint> four = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(four, four);
                break;
            case 8:
                Span<ulong> eight = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(eight, eight);
                break;
        }
    }
}
