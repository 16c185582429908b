using System.Runtime.InteropServices;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Runs an emitted loop and the tile program of the same expressions on the same operands: unaligned, with guard bytes around them.</summary>
internal static unsafe class LoopRun
{
    private const int Guard = 64;

    private const byte Pattern = 0xA5;

    /// <summary>Compares every output bit for bit and checks that nothing else was written.</summary>
    public static void Check(EmittedLoop loop, Expr[] bodies, TileSource[] sources, int[] axes, DType[] types, int count, Random random, bool special = false)
    {
        byte[][] inputs = new byte[sources.Length][], coordinates = new byte[axes.Length][];
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = Values(types[i], sources[i] == TileSource.Scalar ? 1 : count, random, special);
        for (int i = 0; i < axes.Length; i++)
        {
            coordinates[i] = new byte[8 * count];
            for (int k = 0; k < count; k++) MemoryMarshal.Write(coordinates[i].AsSpan(8 * k), (long)((k / (i + 1)) + 3));
        }
        byte[][] expected = Interpret(bodies, sources, axes, inputs, coordinates, count);

        using var memory = new Arena(random);
        byte** slots = stackalloc byte*[sources.Length + bodies.Length + axes.Length];
        int next = 0;
        foreach (byte[] input in inputs) slots[next++] = memory.Add(input);
        foreach (byte[] output in expected) slots[next++] = memory.Add(new byte[output.Length]);
        foreach (byte[] coordinate in coordinates) slots[next++] = memory.Add(coordinate);
        loop(null, slots, count);
        memory.CheckGuards();
        for (int o = 0; o < bodies.Length; o++)
        {
            var actual = new ReadOnlySpan<byte>(slots[sources.Length + o], expected[o].Length);
            Views.AssertSame(Bits(expected[o], bodies[o].Type), Bits(actual, bodies[o].Type), bodies[o].Type, $"{count} elements of output {o}: {Text(bodies[o])}");
        }
        for (int i = 0; i < inputs.Length; i++) Assert.True(new ReadOnlySpan<byte>(slots[i], inputs[i].Length).SequenceEqual(inputs[i]), "An input was written.");
    }

    public static byte[][] Interpret(Expr[] bodies, TileSource[] sources, int[] axes, byte[][] inputs, byte[][] coordinates, int count)
    {
        TileProgram program = TileProgram.Compile(bodies, sources);
        TileSlots layout = program.Slots;
        using var memory = new Arena(new Random(1));
        byte*[] slots = new byte*[layout.Count];
        byte[][] outputs = [.. bodies.Select(b => new byte[count * b.Type.Size()])];
        for (int i = 0; i < inputs.Length; i++)
        {
            slots[i] = memory.Add(sources[i] == TileSource.Scalar ? new byte[TileProgram.SpreadBytes] : inputs[i]);
            fixed (byte* value = inputs[i])
            {
                if (sources[i] == TileSource.Scalar) TileProgram.Spread(slots[i], value, inputs[i].Length);
            }
        }
        for (int o = 0; o < outputs.Length; o++) slots[inputs.Length + o] = memory.Add(outputs[o]);
        for (int i = 0; i < layout.Coordinates.Length; i++) slots[layout.FirstCoordinate + i] = memory.Add(coordinates[Array.IndexOf(axes, layout.Coordinates[i])]);
        for (int i = 0; i < layout.Constants.Length; i++)
        {
            (ulong bits, int size) = layout.Constants[i];
            slots[layout.FirstConstant + i] = memory.Add(new byte[TileProgram.SpreadBytes]);
            TileProgram.Spread(slots[layout.FirstConstant + i], (byte*)&bits, size);
        }
        for (int i = layout.FirstTemporary; i < layout.Count; i++) slots[i] = memory.Add(new byte[Math.Max(8 * count, TileProgram.SpreadBytes)]);
        fixed (byte** table = slots) program.Run(table, count);
        for (int o = 0; o < outputs.Length; o++) new ReadOnlySpan<byte>(slots[inputs.Length + o], outputs[o].Length).CopyTo(outputs[o]);
        return outputs;
    }

    public static ulong[] Bits(ReadOnlySpan<byte> bytes, DType type)
    {
        int size = type.Size();
        ulong[] bits = new ulong[bytes.Length / size];
        Span<byte> word = stackalloc byte[8];
        for (int i = 0; i < bits.Length; i++)
        {
            word.Clear();
            bytes.Slice(i * size, size).CopyTo(word);
            bits[i] = MemoryMarshal.Read<ulong>(word);
        }
        return bits;
    }

    /// <summary>Random elements; special ones are drawn from the edges of the type.</summary>
    public static byte[] Values(DType type, int count, Random random, bool special)
    {
        byte[] bytes = new byte[count * type.Size()];
        random.NextBytes(bytes);
        double[] edges = [0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1, -1, 0.5, 1e-45, -1e-40, 5e-324, 6e-8, 65504, 65520, 3e38, -1e300, 87, -104, 2.5, -1.5];
        for (int i = 0; i < count; i++)
        {
            Span<byte> at = bytes.AsSpan(i * type.Size());
            double value = special ? edges[random.Next(edges.Length)] : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4));
            switch (type)
            {
                case DType.Bool: at[0] &= 1; break;
                case DType.F32 when special || random.Next(4) > 0: MemoryMarshal.Write(at, (float)value); break;
                case DType.F64 when special || random.Next(4) > 0: MemoryMarshal.Write(at, value); break;
                case DType.F16 when special: MemoryMarshal.Write(at, (Half)value); break;
                case DType.I32 when special: MemoryMarshal.Write(at, double.IsNaN(value) ? int.MinValue : int.CreateSaturating(value)); break;
                case DType.I64 when special: MemoryMarshal.Write(at, double.IsNaN(value) ? long.MinValue : long.CreateSaturating(value)); break;
            }
        }
        return bytes;
    }

    private static string Text(Expr e) => e.ToString() is { Length: > 2000 } text ? text[..2000] : e.ToString();

    /// <summary>Unaligned memory blocks with guard bytes before and after each.</summary>
    private sealed class Arena(Random random) : IDisposable
    {
        private readonly List<(nint Memory, int Start, int Length)> blocks = [];

        public byte* Add(ReadOnlySpan<byte> content)
        {
            int start = Guard + random.Next(64), total = start + content.Length + Guard;
            byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)total, 64);
            new Span<byte>(memory, total).Fill(Pattern);
            content.CopyTo(new Span<byte>(memory + start, content.Length));
            blocks.Add(((nint)memory, start, content.Length));
            return memory + start;
        }

        public void CheckGuards()
        {
            foreach ((nint memory, int start, int length) in blocks)
            {
                Assert.False(new ReadOnlySpan<byte>((byte*)memory, start).ContainsAnyExcept(Pattern), "Memory before an operand was written.");
                Assert.False(new ReadOnlySpan<byte>((byte*)memory + start + length, Guard).ContainsAnyExcept(Pattern), "Memory after an operand was written.");
            }
        }

        public void Dispose()
        {
            foreach ((nint memory, _, _) in blocks) NativeMemory.AlignedFree((void*)memory);
        }
    }
}
