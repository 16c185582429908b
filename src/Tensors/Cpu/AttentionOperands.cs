using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>A matrix per head somewhere in an operand: queries, keys, values or a mask.</summary>
internal sealed unsafe class HeadMatrices
{
    private readonly StridedView heads;
    private readonly nint rowStride;
    private readonly nint columnStride;

    public HeadMatrices(Operand operand)
    {
        Layout layout = operand.Layout;
        heads = new(layout.Shape.Lengths[..^2], layout.Strides[..^2], operand.DType.Size());
        (Rows, Columns) = (layout.Shape[^2], layout.Shape[^1]);
        (rowStride, columnStride) = (layout.Strides[^2], layout.Strides[^1]);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Rows [first, first + count) of a head times a factor, each padded with zeros to <paramref name="width"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyRows<T, TVector, TSimd>(void* operand, long head, int first, int count, T factor, T* target, int width)
        where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
    {
        T* row = (T*)operand + heads.Position(head) + (first * rowStride);
        TVector scale = TSimd.Broadcast(&factor);
        int whole = columnStride == 1 ? Columns / TSimd.Width * TSimd.Width : 0;
        T* lanes = stackalloc T[TSimd.Width];
        for (int r = 0; r < count; r++, row += rowStride, target += width)
        {
            int c = 0;
            for (; c < whole; c += TSimd.Width) TSimd.Store(target + c, TSimd.MultiplyAdd(TSimd.Load(row + c), scale, default));
            for (; c < width; c += TSimd.Width)
            {
                for (int i = 0; i < TSimd.Width; i++) lanes[i] = c + i < Columns ? row[(c + i) * columnStride] : default;
                TSimd.Store(target + c, TSimd.MultiplyAdd(TSimd.Load(lanes), scale, default));
            }
        }
    }

    /// <summary>Rows [first, first + count) of a head as columns of a panel, padded with zeros to <paramref name="width"/> columns. No columns are one row of zeros.</summary>
    public void CopyColumns<T>(void* operand, long head, int first, int count, T* panel, int width)
        where T : unmanaged
    {
        if (Columns == 0) new Span<T>(panel, width).Clear();
        GemmPacking.Pack((T*)operand + heads.Position(head) + (first * rowStride), rowStride, columnStride, count, Columns, panel, width);
    }

    /// <summary>A block of a bool mask as numbers to add: 0 and -inf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyMask<T>(void* operand, long head, int first, int count, int column, int columns, T hidden, T* target, int width)
        where T : unmanaged
    {
        byte* row = (byte*)operand + heads.Position(head) + (first * rowStride) + (column * columnStride);
        for (int r = 0; r < count; r++, row += rowStride, target += width)
            for (int c = 0; c < columns; c++) target[c] = row[c * columnStride] != 0 ? default : hidden;
    }

    /// <summary>A block of a floating mask times a factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyMask<T, TVector, TSimd>(void* operand, long head, int first, int count, int column, int columns, T factor, T* target, int width)
        where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
    {
        T* row = (T*)operand + heads.Position(head) + (first * rowStride) + (column * columnStride);
        TVector scale = TSimd.Broadcast(&factor);
        T* lanes = stackalloc T[TSimd.Width];
        for (int r = 0; r < count; r++, row += rowStride, target += width)
        {
            for (int c = 0; c < columns; c += TSimd.Width)
            {
                int some = Math.Min(TSimd.Width, columns - c);
                T* from = row + c;
                if (columnStride != 1)
                {
                    for (int i = 0; i < some; i++) lanes[i] = row[(c + i) * columnStride];
                    from = lanes;
                }
                TVector values = some == TSimd.Width ? TSimd.Load(from) : TSimd.LoadFirst(from, some);
                TSimd.Store(target + c, TSimd.MultiplyAdd(values, scale, default));
            }
        }
    }
}

/// <summary>What the forward and the gradient kernel of attention have in common: lengths, which keys a query sees, and scores of a tile.</summary>
internal sealed unsafe class AttentionOperands<T, TVector, TSimd>
    where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    private const double Log2E = 1.4426950408889634;

    private readonly HeadMatrices? mask;
    private readonly bool boolMask;
    private readonly bool causal;
    private readonly T maskFactor;
    private readonly T hidden;

    public AttentionOperands(double scale, bool causal, ReadOnlySpan<Operand> operands, Operand? mask)
    {
        this.causal = causal;
        (Q, K, V) = (new(operands[0]), new(operands[1]), new(operands[2]));
        Heads = operands[0].Layout.Shape[..^2].Count;
        (Depth, ValueDepth) = (Math.Max(1, Q.Columns), Math.Max(1, V.Columns));
        (DepthWidth, ValueWidth) = (AttentionRows.Whole(Depth), AttentionRows.Whole(ValueDepth));
        KeyBlocks = (V.Rows + AttentionRows.KeyBlock - 1) / AttentionRows.KeyBlock;
        One = Number(1);
        (Scale, ScoreFactor, Log2) = (Number(scale), Number(scale * Log2E), Number(1 / Log2E));
        maskFactor = Number(Log2E);
        hidden = Number(double.NegativeInfinity);
        if (mask is not { } m) return;
        this.mask = new(m);
        boolMask = m.DType == DType.Bool;
    }

    public HeadMatrices Q { get; }

    public HeadMatrices K { get; }

    public HeadMatrices V { get; }

    public int Heads { get; }

    public int Queries => Q.Rows;

    public int Keys => K.Rows;

    /// <summary>Elements over which scores are summed: at least one, a zero where queries have none.</summary>
    public int Depth { get; }

    /// <summary>Elements over which products of cotangents and values are summed, at least one too.</summary>
    public int ValueDepth { get; }

    /// <summary>Elements of a packed row of queries and keys.</summary>
    public int DepthWidth { get; }

    /// <summary>Elements of a packed row of values.</summary>
    public int ValueWidth { get; }

    public int KeyBlocks { get; }

    public bool HasMask => mask is not null;

    public T One { get; }

    public T Scale { get; }

    /// <summary>log(2), the unit of packed scores.</summary>
    public T Log2 { get; }

    /// <summary>scale * log2(e): queries times this give scores in units of log(2).</summary>
    public T ScoreFactor { get; }

    /// <summary>Estimated serial time of one product of all queries and keys with one row of numbers each, in nanoseconds.</summary>
    public double Cost => (double)Heads * Queries * Keys * (causal ? 0.5 : 1) * (DepthWidth + ValueWidth) * 0.02;

    public static T Number(double value)
    {
        if (typeof(T) == typeof(float)) return (T)(object)(float)value;
        return (T)(object)value;
    }

    /// <summary>Columns of the packed block that begins with a key: whole lanes.</summary>
    public int PanelWidth(int key) => AttentionRows.Whole(Math.Min(AttentionRows.KeyBlock, Keys - key));

    /// <summary>How many keys a query sees, a prefix of them.</summary>
    public int Visible(int query) => causal ? Math.Clamp(query + Keys - Queries + 1, 0, Keys) : Keys;

    /// <summary>The first query that sees a key.</summary>
    public int FirstQuery(int key) => causal ? Math.Clamp(key - (Keys - Queries), 0, Queries) : 0;

    /// <summary>Products of some packed queries with a block of keys, as far as any of a group of queries sees them.</summary>
    /// <param name="depth">Elements of a row that are summed over.</param>
    /// <param name="a">Packed rows, <paramref name="width"/> apart.</param>
    /// <param name="width">Distance of the rows.</param>
    /// <param name="panel">The block as columns.</param>
    /// <param name="query">First query.</param>
    /// <param name="rows">Queries.</param>
    /// <param name="key">First key of the block.</param>
    /// <param name="keys">Keys of the block.</param>
    /// <param name="target">Rows one key block apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Scores(int depth, T* a, int width, T* panel, int query, int rows, int key, int keys, T* target)
    {
        for (int r = 0; r < rows; r += AttentionRows.Group)
        {
            int some = Math.Min(AttentionRows.Group, rows - r), columns = Math.Min(keys, Visible(query + r + some - 1) - key);
            if (columns > 0)
            {
                Product(some, (columns + TSimd.Width - 1) & -TSimd.Width, depth, a + (r * width), width, 1, panel, PanelWidth(key),
                    target + (r * AttentionRows.KeyBlock), AttentionRows.KeyBlock, false);
            }
        }
    }

    /// <summary>Fills in which keys of a block the rows of a tile see.</summary>
    public void Limit(ScoreTile<T>* tile, int query, int rows, int key, int keys)
    {
        tile->Rows = rows;
        tile->Keys = keys;
        tile->Visible = causal ? query + Keys - Queries + 1 - key : keys;
        tile->VisibleStep = causal ? 1 : 0;
    }

    /// <summary>Copies the mask of a tile to where the tile expects it.</summary>
    public void ReadMask(void* operand, long head, int query, int rows, int key, int keys, T* target)
    {
        if (boolMask) mask!.CopyMask(operand, head, query, rows, key, keys, hidden, target, AttentionRows.KeyBlock);
        else mask!.CopyMask<T, TVector, TSimd>(operand, head, query, rows, key, keys, maskFactor, target, AttentionRows.KeyBlock);
    }

    /// <summary>Writes packed rows times a factor to where they belong, row-major.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(T* from, int width, T factor, int rows, int columns, T* target)
    {
        int whole = columns / TSimd.Width * TSimd.Width;
        TVector scale = TSimd.Broadcast(&factor);
        // Adding +0 makes a sum of -0 one of +0, so that products left out change no bit.
        for (int r = 0; r < rows; r++, from += width, target += columns)
        {
            for (int c = 0; c < whole; c += TSimd.Width) TSimd.Store(target + c, TSimd.MultiplyAdd(TSimd.Load(from + c), scale, default));
            if (whole < columns) TSimd.StoreFirst(target + whole, TSimd.MultiplyAdd(TSimd.Load(from + whole), scale, default), columns - whole);
        }
    }

    /// <summary>C (+)= A * B by register tiles; every row of B and C is whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Product(int rows, int columns, int k, T* a, nint aRow, nint aColumn, T* b, nint bRow, T* c, nint cRow, bool resume)
    {
        int vectors = columns / TSimd.Width, panels = (vectors + TSimd.TileVectors - 1) / TSimd.TileVectors;
        int done = 0;
        for (int panel = 0; panel < panels; panel++)
        {
            // Panels of nearly the same width: a narrow last one would keep too few sums in flight.
            int part = (vectors * (panel + 1) / panels) - done;
            nint at = (nint)done * TSimd.Width;
            for (int row = 0; row < rows; row += TSimd.TileRows)
            {
                GemmTiles<T, TVector, TSimd>.Run(Math.Min(TSimd.TileRows, rows - row), part, k, a + (row * aRow), aRow, aColumn,
                    b + at, bRow, c + (row * cRow) + at, cRow, TSimd.Width, resume);
            }
            done += part;
        }
    }
}
