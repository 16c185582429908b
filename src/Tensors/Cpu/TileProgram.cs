using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Where the elements of a program's operand come from during a tile.</summary>
internal enum TileSource : byte
{
    /// <summary>Contiguous in the operand: read in place.</summary>
    InPlace,

    /// <summary>One value for the whole tile: spread over a few vectors.</summary>
    Scalar,

    /// <summary>One value for each of the rows of a tile: in place, or copied to scratch.</summary>
    PerRow,

    /// <summary>Anything else: copied to scratch before the instructions run.</summary>
    Gathered,
}

/// <summary>How many values a node of a tile program has.</summary>
internal enum TileExtent : byte
{
    /// <summary>One for all elements.</summary>
    Single,

    /// <summary>One for each row of the tile.</summary>
    Rows,

    /// <summary>One for each element.</summary>
    Tile,
}

/// <summary>One instruction of a tile program: a loop over the tile.</summary>
internal unsafe struct TileInstruction
{
    /// <summary>The loop.</summary>
    public delegate*<byte*, byte*, byte*, byte*, nint, int, void> Loop;

    /// <summary>What the loop is given in place of the third operand: the address of the elementary function it calls, or the length of a row; else null.</summary>
    public void* Third;

    /// <summary>Slot written.</summary>
    public int Target;

    /// <summary>Slots read.</summary>
    public int A, B, C;

    /// <summary>Slot read as the fourth operand, or -1. With it, the loop is given the addresses of the last two operands in place of the third.</summary>
    public int D;

    /// <summary>Bit i is set when operand i has an element per position; a clear bit means one value for all.</summary>
    public int Flags;

    /// <summary>How many elements are computed.</summary>
    public TileExtent Extent;

    /// <summary>When not 0, the result is one element of this size, to be spread.</summary>
    public int SpreadSize;
}

/// <summary>
/// Scalar expressions compiled to loops over tiles. Slots are addresses: first the kernel's inputs, then the outputs, then coordinates, constants, and temporaries in scratch,
/// which are reused as soon as their last reader is done.
/// </summary>
internal sealed unsafe class TileProgram
{
    /// <summary>Bytes of a slot that holds one value: enough for the largest unrolled step of a loop.</summary>
    public const int SpreadBytes = 256;

    private TileProgram(TileInstruction[] instructions, TileSlots slots)
    {
        Instructions = instructions;
        Slots = slots;
    }

    /// <summary>The loops, in order.</summary>
    public TileInstruction[] Instructions { get; }

    /// <summary>What the slots are.</summary>
    public TileSlots Slots { get; }

    /// <summary>Compiles expressions, one per output, for inputs that come as given.</summary>
    /// <param name="bodies">An expression per output.</param>
    /// <param name="inputs">How the inputs come.</param>
    /// <param name="writesOver">True when an output may be an input's memory: with several outputs, all are then written after the last input was read.</param>
    public static TileProgram Compile(ReadOnlySpan<Expr> bodies, ReadOnlySpan<TileSource> inputs, bool writesOver = false)
    {
        var builder = new TileCompiler(inputs, bodies.Length);
        return new(builder.Compile(bodies, writesLast: writesOver && bodies.Length > 1), builder.Slots());
    }

    /// <summary>Compiles stages that reduce rows, and expressions that see their values as further inputs.</summary>
    /// <param name="stages">What is reduced.</param>
    /// <param name="bodies">An expression per output.</param>
    /// <param name="perRow">Which outputs have one value for a row.</param>
    /// <param name="inputs">How the inputs come.</param>
    /// <param name="rowLength">Length of the rows of which a tile has several; 0 when a tile is one row.</param>
    public static TileProgram Compile(ReadOnlySpan<RowStage> stages, ReadOnlySpan<Expr> bodies, ReadOnlySpan<bool> perRow, ReadOnlySpan<TileSource> inputs, int rowLength)
    {
        var builder = new TileCompiler(inputs, bodies.Length, rowLength);
        foreach (RowStage stage in stages) builder.AddStage(stage);
        return new(builder.Compile(bodies, perRow), builder.Slots());
    }

    /// <summary>Computes one tile. All slots but the single values of instructions must be set.</summary>
    /// <param name="slots">The addresses.</param>
    /// <param name="count">Elements of the tile.</param>
    /// <param name="rows">Rows of the tile, where it has several.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(byte** slots, nint count, nint rows = 1)
    {
        byte** lastTwo = stackalloc byte*[2];
        foreach (ref readonly TileInstruction i in (ReadOnlySpan<TileInstruction>)Instructions)
        {
            byte* third = i.Third == null ? slots[i.C] : (byte*)i.Third;
            if (i.D >= 0)
            {
                lastTwo[0] = third;
                lastTwo[1] = slots[i.D];
                third = (byte*)lastTwo;
            }
            nint length = i.Extent == TileExtent.Tile ? count : i.Extent == TileExtent.Rows ? rows : 1;
            i.Loop(slots[i.Target], slots[i.A], slots[i.B], third, length, i.Flags);
            if (i.SpreadSize != 0) Spread(slots[i.Target], slots[i.Target], i.SpreadSize);
        }
    }

    /// <summary>Fills a slot with one value.</summary>
    public static void Spread(byte* slot, byte* value, int size)
    {
        switch (size)
        {
            case 1: new Span<byte>(slot, SpreadBytes).Fill(*value); break;
            case 2: new Span<ushort>(slot, SpreadBytes / 2).Fill(*(ushort*)value); break;
            case 4: new Span<uint>(slot, SpreadBytes / 4).Fill(*(uint*)value); break;
            default: new Span<ulong>(slot, SpreadBytes / 8).Fill(*(ulong*)value); break;
        }
    }
}

/// <summary>What the slots of a tile program are, in slot order.</summary>
/// <param name="Inputs">Number of inputs: slots from 0.</param>
/// <param name="Outputs">Number of outputs: slots after the inputs.</param>
/// <param name="Coordinates">Axes whose coordinate is needed (i64): slots after the outputs.</param>
/// <param name="Constants">Bits and element size of constants: slots after the coordinates.</param>
/// <param name="Temporaries">Number of temporaries that hold a tile: slots after the constants.</param>
/// <param name="Singles">Number of temporaries that hold one value: the last slots.</param>
/// <param name="ElementSize">Size of the largest element in a temporary or coordinate.</param>
/// <param name="UsedInputs">Whether the expressions read an input.</param>
internal sealed record TileSlots(
    int Inputs, int Outputs, int[] Coordinates, (ulong Bits, int Size)[] Constants, int Temporaries, int Singles, int ElementSize, bool[] UsedInputs)
{
    public int FirstCoordinate => Inputs + Outputs;

    public int FirstConstant => FirstCoordinate + Coordinates.Length;

    public int FirstTemporary => FirstConstant + Constants.Length;

    public int FirstSingle => FirstTemporary + Temporaries;

    public int Count => FirstSingle + Singles;
}
