using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// One chunk of many neighbouring columns reduced at once: each column by 64 lanes as in <see cref="LaneRows{T, TOp}"/>. A lane runs down its rows in registers; lanes are
/// combined as soon as both are there, so only one value per level of the tree waits in memory.
/// </summary>
internal readonly unsafe ref struct LaneColumns<T, TOp>
    where T : unmanaged where TOp : struct, ILaneOp<T>
{
    private readonly T* origin;
    private readonly nint stride;
    private readonly nint* positions;
    private readonly int count;
    private readonly T* waiting;

    /// <param name="origin">First row of the first column.</param>
    /// <param name="stride">Elements from one row to the next, when they are evenly spaced.</param>
    /// <param name="positions">Where the rows are, when they are not; else null.</param>
    /// <param name="count">Rows.</param>
    /// <param name="waiting">Room for <see cref="Reserve"/> elements.</param>
    public LaneColumns(T* origin, nint stride, nint* positions, int count, T* waiting)
    {
        this.origin = origin;
        this.stride = stride;
        this.positions = positions;
        this.count = count;
        this.waiting = waiting;
    }

    /// <summary>Columns that are reduced together.</summary>
    public static int Block => 8 * Vector<T>.Count;

    /// <summary>Elements of scratch memory.</summary>
    public static int Reserve => 8 * Block;

    /// <summary>Reduces up to <see cref="Block"/> columns and leaves their results at the start of the scratch memory.</summary>
    public void Run(int columns)
    {
        if (columns == Block)
        {
            Combine(0, 1, 0, Width.Block, 0);
            return;
        }
        int column = 0;
        for (; column <= columns - (2 * Vector<T>.Count); column += 2 * Vector<T>.Count) Combine(0, 1, 0, Width.Two, column);
        for (; column <= columns - Vector<T>.Count; column += Vector<T>.Count) Combine(0, 1, 0, Width.One, column);
        for (; column < columns; column++) Combine(0, 1, 0, Width.Element, column);
    }

    private enum Width
    {
        Block,
        Two,
        One,
        Element,
    }

    /// <summary>Lanes lane, lane + distance, lane + 2 * distance ... into one. Lanes without an element change nothing and are left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Combine(int lane, int distance, int level, Width width, int column)
    {
        if (distance == ReductionTree.Lanes)
        {
            Lane(lane, waiting + (level * Block) + column, width, column);
            return;
        }
        Combine(lane, 2 * distance, level, width, column);
        if (lane + distance >= count) return;
        Combine(lane + distance, 2 * distance, level + 1, width, column);
        T* left = waiting + (level * Block) + column, right = left + Block;
        int w = Vector<T>.Count;
        int elements = width switch { Width.Block => Block, Width.Two => 2 * w, Width.One => w, _ => 1 };
        if (elements == 1)
        {
            *left = TOp.Apply(*left, *right);
            return;
        }
        for (int i = 0; i < elements; i += w) Store(left + i, TOp.Apply(Load(left + i), Load(right + i)));
    }

    private void Lane(int lane, T* target, Width width, int column)
    {
        switch (width)
        {
            case Width.Block: LaneBlock(lane, target); break;
            case Width.Two: LaneTwo(lane, target, column); break;
            case Width.One: LaneOne(lane, target, column); break;
            default: LaneElement(lane, target, column); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T* Row(int row) => origin + (positions == null ? row * stride : positions[row]);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LaneBlock(int lane, T* target)
    {
        int w = Vector<T>.Count;
        Vector<T> a = new(TOp.Identity), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        for (int i = lane; i < count; i += ReductionTree.Lanes)
        {
            T* x = Row(i);
            a = TOp.Apply(a, Load(x));
            b = TOp.Apply(b, Load(x + w));
            c = TOp.Apply(c, Load(x + (2 * w)));
            d = TOp.Apply(d, Load(x + (3 * w)));
            e = TOp.Apply(e, Load(x + (4 * w)));
            f = TOp.Apply(f, Load(x + (5 * w)));
            g = TOp.Apply(g, Load(x + (6 * w)));
            h = TOp.Apply(h, Load(x + (7 * w)));
        }
        Store(target, a);
        Store(target + w, b);
        Store(target + (2 * w), c);
        Store(target + (3 * w), d);
        Store(target + (4 * w), e);
        Store(target + (5 * w), f);
        Store(target + (6 * w), g);
        Store(target + (7 * w), h);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LaneTwo(int lane, T* target, int column)
    {
        int w = Vector<T>.Count;
        Vector<T> a = new(TOp.Identity), b = a;
        for (int i = lane; i < count; i += ReductionTree.Lanes)
        {
            T* x = Row(i) + column;
            a = TOp.Apply(a, Load(x));
            b = TOp.Apply(b, Load(x + w));
        }
        Store(target, a);
        Store(target + w, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LaneOne(int lane, T* target, int column)
    {
        Vector<T> a = new(TOp.Identity);
        for (int i = lane; i < count; i += ReductionTree.Lanes) a = TOp.Apply(a, Load(Row(i) + column));
        Store(target, a);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LaneElement(int lane, T* target, int column)
    {
        T a = TOp.Identity;
        for (int i = lane; i < count; i += ReductionTree.Lanes) a = TOp.Apply(a, Row(i)[column]);
        *target = a;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Load(T* address) => Unsafe.ReadUnaligned<Vector<T>>(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T* address, Vector<T> value) => Unsafe.WriteUnaligned(address, value);
}
