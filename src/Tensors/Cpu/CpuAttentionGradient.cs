using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The gradients of attention in queries, keys and values. Tiles of weights and of the scores' cotangents are computed again from the packed operands;
/// each result is a chain over keys or over queries in index order, which any cut into blocks continues.
/// </summary>
/// <remarks>
/// With enough heads for the threads, a head is one piece of work and every tile serves all three results: five products. Else blocks of queries give the first
/// result and blocks of keys the other two, which computes every tile twice: seven products, the same bits.
/// </remarks>
internal sealed unsafe class CpuAttentionGradient<T, TVector, TSimd> : CpuKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T> where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    private const int QueryBlock = 48;
    private const int KeyBlock = AttentionRows.KeyBlock;
    private const int TileCount = QueryBlock * KeyBlock;
    private const int Group = AttentionRows.Group;
    private const int HeadPhase = 0;
    private const int PackPhase = 1;
    private const int QueryPhase = 2;
    private const int KeyPhase = 3;

    private readonly AttentionOperands<T, TVector, TSimd> shape;
    private readonly AttentionLoops<T> loops;
    private readonly HeadMatrices output;
    private readonly HeadMatrices logarithms;
    private readonly HeadMatrices cotangent;
    private readonly int after;
    private readonly int queryBlocks;

    public CpuAttentionGradient(AttentionGradientKernel kernel, ReadOnlySpan<Operand> inputs, AttentionLoops<T> loops)
    {
        shape = new(kernel.Scale, kernel.Causal, inputs, inputs.Length > 6 ? inputs[3] : null);
        this.loops = loops;
        after = inputs.Length - 3;
        Layout rows = inputs[after + 1].Layout;
        // One logarithm per query: a column per head.
        Operand column = inputs[after + 1] with { Layout = new(rows.Shape.Insert(rows.Shape.Rank, 1), [.. rows.Strides, 1]) };
        (output, logarithms, cotangent) = (new(inputs[after]), new(column), new(inputs[after + 2]));
        queryBlocks = (shape.Queries + QueryBlock - 1) / QueryBlock;
    }

    /// <summary>Elements of a packed head.</summary>
    private long PackedCount => new Packed(null, this).Count;

    private long TilesCount => (shape.HasMask ? 3 : 2) * TileCount;

    public override void Run(void** operands, WorkerPool pool)
    {
        int heads = shape.Heads, threads = pool.Threads;
        int pieces = Chunks((long)heads * Math.Max(queryBlocks, shape.KeyBlocks), 2.5 * shape.Cost, threads);
        long rounds = (heads + threads - 1) / threads;
        if (pieces == 1 || rounds * threads * 5 <= heads * 7L)
        {
            int chunks = Math.Min(pieces, heads);
            Parallel(HeadPhase, chunks, operands, &chunks, pool);
            return;
        }
        Scratch memory = pool.Scratch.Rent((nuint)(heads * PackedCount * sizeof(T)));
        Parallel(PackPhase, heads * (queryBlocks + shape.KeyBlocks), operands, memory.Pointer, pool);
        Parallel(QueryPhase, heads * queryBlocks, operands, memory.Pointer, pool);
        Parallel(KeyPhase, heads * shape.KeyBlocks, operands, memory.Pointer, pool);
        pool.Scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        if (phase == HeadPhase)
        {
            (long first, long end) = Part(shape.Heads, chunk, *(int*)shared);
            for (long head = first; head < end; head++) Head(operands, head, scratch);
            return;
        }
        (int block, int unit) = Math.DivRem(chunk, shape.Heads);
        var packed = new Packed((T*)shared + (unit * PackedCount), this);
        if (phase == PackPhase)
        {
            if (block < queryBlocks) PackQueries(operands, unit, block, packed);
            else PackKeys(operands, unit, block - queryBlocks, packed);
            return;
        }
        // With causal heads the last queries and the first keys have most to do, so they come first.
        Scratch memory = scratch.Rent((nuint)((TilesCount + ((long)KeyBlock * (shape.DepthWidth + shape.ValueWidth))) * sizeof(T)));
        T* tiles = (T*)memory.Pointer, sums = tiles + TilesCount;
        if (phase == QueryPhase) Queries(operands, unit, queryBlocks - 1 - block, packed, tiles, sums);
        else Keys(operands, unit, block, packed, tiles, sums, null);
        scratch.Return(memory);
    }

    /// <summary>All three results of a head.</summary>
    private void Head(void** operands, long head, ScratchPool scratch)
    {
        long packedCount = PackedCount, dqCount = (long)shape.Queries * shape.DepthWidth;
        Scratch memory = scratch.Rent((nuint)((packedCount + dqCount + TilesCount + ((long)KeyBlock * (shape.DepthWidth + shape.ValueWidth))) * sizeof(T)));
        var packed = new Packed((T*)memory.Pointer, this);
        T* dq = (T*)memory.Pointer + packedCount, tiles = dq + dqCount;
        for (int block = 0; block < queryBlocks; block++) PackQueries(operands, head, block, packed);
        for (int block = 0; block < shape.KeyBlocks; block++) PackKeys(operands, head, block, packed);
        NativeMemory.Clear(dq, (nuint)(dqCount * sizeof(T)));
        for (int block = 0; block < shape.KeyBlocks; block++) Keys(operands, head, block, packed, tiles, tiles + TilesCount, dq);
        T* target = (T*)operands[after + 3] + (head * shape.Queries * shape.Q.Columns);
        AttentionOperands<T, TVector, TSimd>.Write(dq, shape.DepthWidth, shape.Scale, shape.Queries, shape.Q.Columns, target);
        scratch.Return(memory);
    }

    /// <summary>The cotangents of a block of keys and values; those of the queries are added to <paramref name="dq"/> unless it is null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Keys(void** operands, long head, int block, Packed packed, T* tiles, T* sums, T* dq)
    {
        int key = block * KeyBlock, keys = Math.Min(KeyBlock, shape.Keys - key);
        T* dk = sums, dv = sums + (keys * shape.DepthWidth);
        NativeMemory.Clear(sums, (nuint)((long)keys * (shape.DepthWidth + shape.ValueWidth) * sizeof(T)));
        for (int i = shape.FirstQuery(key) / QueryBlock; i < queryBlocks; i++)
        {
            int query = i * QueryBlock, rows = Math.Min(QueryBlock, shape.Queries - query);
            Tile(operands, head, query, rows, key, keys, packed, tiles);
            for (int c = 0; c < keys; c += Group)
            {
                int some = Math.Min(Group, keys - c), skip = Math.Max(0, shape.FirstQuery(key + c) - query), seen = rows - skip;
                if (seen <= 0) continue;
                T* at = tiles + (skip * KeyBlock) + c;
                long row = query + skip;
                AttentionOperands<T, TVector, TSimd>.Product(some, shape.ValueWidth, seen, at, 1, KeyBlock,
                    packed.Cotangents + (row * shape.ValueWidth), shape.ValueWidth, dv + (c * shape.ValueWidth), shape.ValueWidth, true);
                AttentionOperands<T, TVector, TSimd>.Product(some, shape.DepthWidth, seen, at + TileCount, 1, KeyBlock,
                    packed.Queries + (row * shape.DepthWidth), shape.DepthWidth, dk + (c * shape.DepthWidth), shape.DepthWidth, true);
            }
            if (dq != null) AddQueries(query, rows, key, keys, packed, tiles, dq + ((long)query * shape.DepthWidth));
        }
        long first = (head * shape.Keys) + key;
        AttentionOperands<T, TVector, TSimd>.Write(dk, shape.DepthWidth, shape.Log2, keys, shape.K.Columns, (T*)operands[after + 4] + (first * shape.K.Columns));
        AttentionOperands<T, TVector, TSimd>.Write(dv, shape.ValueWidth, shape.One, keys, shape.V.Columns, (T*)operands[after + 5] + (first * shape.V.Columns));
    }

    /// <summary>The cotangents of a block of queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Queries(void** operands, long head, int block, Packed packed, T* tiles, T* dq)
    {
        int query = block * QueryBlock, rows = Math.Min(QueryBlock, shape.Queries - query), end = shape.Visible(query + rows - 1);
        NativeMemory.Clear(dq, (nuint)((long)rows * shape.DepthWidth * sizeof(T)));
        for (int key = 0; key < end; key += KeyBlock)
        {
            int keys = Math.Min(KeyBlock, shape.Keys - key);
            Tile(operands, head, query, rows, key, keys, packed, tiles);
            AddQueries(query, rows, key, keys, packed, tiles, dq);
        }
        T* target = (T*)operands[after + 3] + (((head * shape.Queries) + query) * shape.Q.Columns);
        AttentionOperands<T, TVector, TSimd>.Write(dq, shape.DepthWidth, shape.Scale, rows, shape.Q.Columns, target);
    }

    /// <summary>Weights of a tile, and behind them the scores' cotangents.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tile(void** operands, long head, int query, int rows, int key, int keys, Packed packed, T* tiles)
    {
        var tile = new ScoreTile<T>
        {
            Scores = tiles,
            Slopes = tiles + TileCount,
            Mask = shape.HasMask ? tiles + (2 * TileCount) : null,
            Logarithms = packed.Logarithms + query,
            Means = packed.Means + query,
        };
        T* q = packed.Queries + ((long)query * shape.DepthWidth), given = packed.Cotangents + ((long)query * shape.ValueWidth);
        shape.Scores(shape.Depth, q, shape.DepthWidth, packed.KeyColumns + ((long)key * shape.Depth), query, rows, key, keys, tile.Scores);
        shape.Scores(shape.ValueDepth, given, shape.ValueWidth, packed.ValueColumns + ((long)key * shape.ValueDepth), query, rows, key, keys, tile.Slopes);
        shape.Limit(&tile, query, rows, key, keys);
        if (tile.Mask != null) shape.ReadMask(operands[3], head, query, rows, key, keys, tile.Mask);
        loops.Slope(&tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddQueries(int query, int rows, int key, int keys, Packed packed, T* tiles, T* dq)
    {
        for (int r = 0; r < rows; r += Group)
        {
            int some = Math.Min(Group, rows - r), seen = Math.Min(keys, shape.Visible(query + r + some - 1) - key);
            if (seen > 0)
            {
                AttentionOperands<T, TVector, TSimd>.Product(some, shape.DepthWidth, seen, tiles + TileCount + (r * KeyBlock), KeyBlock, 1,
                    packed.Keys + ((long)key * shape.DepthWidth), shape.DepthWidth, dq + (r * shape.DepthWidth), shape.DepthWidth, true);
            }
        }
    }

    private void PackQueries(void** operands, long head, int block, Packed packed)
    {
        int query = block * QueryBlock, rows = Math.Min(QueryBlock, shape.Queries - query);
        T* given = packed.Cotangents + ((long)query * shape.ValueWidth), results = packed.Outputs + ((long)query * shape.ValueWidth);
        shape.Q.CopyRows<T, TVector, TSimd>(operands[0], head, query, rows, shape.ScoreFactor, packed.Queries + ((long)query * shape.DepthWidth), shape.DepthWidth);
        cotangent.CopyRows<T, TVector, TSimd>(operands[after + 2], head, query, rows, shape.One, given, shape.ValueWidth);
        output.CopyRows<T, TVector, TSimd>(operands[after], head, query, rows, shape.One, results, shape.ValueWidth);
        logarithms.CopyColumns(operands[after + 1], head, query, rows, packed.Logarithms + query, rows);
        loops.RowDots(given, results, rows, shape.ValueWidth, packed.Means + query);
    }

    private void PackKeys(void** operands, long head, int block, Packed packed)
    {
        int key = block * KeyBlock, keys = Math.Min(KeyBlock, shape.Keys - key);
        shape.K.CopyRows<T, TVector, TSimd>(operands[1], head, key, keys, shape.One, packed.Keys + ((long)key * shape.DepthWidth), shape.DepthWidth);
        shape.K.CopyColumns(operands[1], head, key, keys, packed.KeyColumns + ((long)key * shape.Depth), shape.PanelWidth(key));
        shape.V.CopyColumns(operands[2], head, key, keys, packed.ValueColumns + ((long)key * shape.ValueDepth), shape.PanelWidth(key));
    }

    /// <summary>Where the packed operands of a head lie.</summary>
    private readonly struct Packed
    {
        public Packed(T* start, CpuAttentionGradient<T, TVector, TSimd> kernel)
        {
            var shape = kernel.shape;
            long queries = shape.Queries, wholeQueries = (queries + 15) & ~15L, wholeKeys = (long)shape.KeyBlocks * KeyBlock;
            Queries = start;
            Cotangents = Queries + (queries * shape.DepthWidth);
            Outputs = Cotangents + (queries * shape.ValueWidth);
            Logarithms = Outputs + (queries * shape.ValueWidth);
            Means = Logarithms + wholeQueries;
            Keys = Means + wholeQueries;
            KeyColumns = Keys + (shape.Keys * (long)shape.DepthWidth);
            ValueColumns = KeyColumns + (wholeKeys * shape.Depth);
            Count = (queries * (shape.DepthWidth + (2 * shape.ValueWidth))) + (2 * wholeQueries) + (shape.Keys * (long)shape.DepthWidth)
                + (wholeKeys * (shape.Depth + shape.ValueDepth));
        }

        /// <summary>Queries times scale * log2(e), as rows.</summary>
        public readonly T* Queries;

        /// <summary>Cotangents of the output, as rows.</summary>
        public readonly T* Cotangents;

        /// <summary>The output, as rows.</summary>
        public readonly T* Outputs;

        public readonly T* Logarithms;

        /// <summary>Products of cotangent and output, per query.</summary>
        public readonly T* Means;

        /// <summary>Keys as rows.</summary>
        public readonly T* Keys;

        /// <summary>Keys as columns, by blocks.</summary>
        public readonly T* KeyColumns;

        /// <summary>Values as columns, by blocks.</summary>
        public readonly T* ValueColumns;

        public readonly long Count;
    }
}
