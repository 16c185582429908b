using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>Chooses the kernels of attention: element type and vector width, as for matrix products.</summary>
internal static class CpuAttention
{
    public static CpuKernel Prepare(AttentionKernel kernel, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
    {
        if (outputs[0].DType == DType.F64)
        {
            return SimdWidth.Gemm switch
            {
                512 => new CpuAttention<double, Vector512<double>, F64x8>(kernel, inputs, AttentionRows.Double),
                256 => new CpuAttention<double, Vector256<double>, F64x4>(kernel, inputs, AttentionRows.Double),
                _ => new CpuAttention<double, Vector128<double>, F64x2>(kernel, inputs, AttentionRows.Double),
            };
        }
        return SimdWidth.Gemm switch
        {
            512 => new CpuAttention<float, Vector512<float>, F32x16>(kernel, inputs, AttentionRows.Single),
            256 => new CpuAttention<float, Vector256<float>, F32x8>(kernel, inputs, AttentionRows.Single),
            _ => new CpuAttention<float, Vector128<float>, F32x4>(kernel, inputs, AttentionRows.Single),
        };
    }

    public static CpuKernel Prepare(AttentionGradientKernel kernel, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
    {
        if (outputs[0].DType == DType.F64)
        {
            return SimdWidth.Gemm switch
            {
                512 => new CpuAttentionGradient<double, Vector512<double>, F64x8>(kernel, inputs, AttentionRows.Double),
                256 => new CpuAttentionGradient<double, Vector256<double>, F64x4>(kernel, inputs, AttentionRows.Double),
                _ => new CpuAttentionGradient<double, Vector128<double>, F64x2>(kernel, inputs, AttentionRows.Double),
            };
        }
        return SimdWidth.Gemm switch
        {
            512 => new CpuAttentionGradient<float, Vector512<float>, F32x16>(kernel, inputs, AttentionRows.Single),
            256 => new CpuAttentionGradient<float, Vector256<float>, F32x8>(kernel, inputs, AttentionRows.Single),
            _ => new CpuAttentionGradient<float, Vector128<float>, F32x4>(kernel, inputs, AttentionRows.Single),
        };
    }
}

/// <summary>
/// Attention forward. Per head, keys are packed as columns and values as rows once; then each block of queries runs over the blocks of keys it sees,
/// with scores of one tile at a time.
/// </summary>
/// <remarks>With few heads, packing and the blocks of queries are two parallel loops; with many, a head is one piece of work with memory of its own.</remarks>
internal sealed unsafe class CpuAttention<T, TVector, TSimd> : CpuKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T> where TVector : struct where TSimd : struct, ISimd<T, TVector>
{
    private const int QueryBlock = 48;
    private const int KeyBlock = AttentionRows.KeyBlock;
    private const int HeadPhase = 0;
    private const int PackPhase = 1;
    private const int QueryPhase = 2;

    private readonly AttentionOperands<T, TVector, TSimd> shape;
    private readonly AttentionLoops<T> loops;
    private readonly int maskAt;
    private readonly int outputAt;
    private readonly int queryBlocks;
    private readonly long keysCount;
    private readonly long packedCount;

    public CpuAttention(AttentionKernel kernel, ReadOnlySpan<Operand> inputs, AttentionLoops<T> loops)
    {
        shape = new(kernel.Scale, kernel.Causal, inputs, inputs.Length > 3 ? inputs[3] : null);
        this.loops = loops;
        (maskAt, outputAt) = (3, inputs.Length);
        queryBlocks = (shape.Queries + QueryBlock - 1) / QueryBlock;
        keysCount = (long)shape.KeyBlocks * KeyBlock * shape.Depth;
        keysCount = (keysCount + 15) & ~15L;
        packedCount = keysCount + ((long)shape.Keys * shape.ValueWidth);
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        int pieces = Chunks((long)shape.Heads * queryBlocks, shape.Cost, pool.Threads);
        if (pieces == 1 || shape.Heads >= 2 * pool.Threads)
        {
            Parallel(HeadPhase, Math.Min(pieces, shape.Heads), operands, &pieces, pool);
            return;
        }
        Scratch memory = pool.Scratch.Rent((nuint)(shape.Heads * packedCount * sizeof(T)));
        if (shape.KeyBlocks > 0) Parallel(PackPhase, shape.Heads * shape.KeyBlocks, operands, memory.Pointer, pool);
        Parallel(QueryPhase, shape.Heads * queryBlocks, operands, memory.Pointer, pool);
        pool.Scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        switch (phase)
        {
            case HeadPhase:
                int chunks = Math.Min(*(int*)shared, shape.Heads);
                (long first, long end) = Part(shape.Heads, chunk, chunks);
                Scratch memory = scratch.Rent((nuint)(packedCount * sizeof(T)));
                for (long head = first; head < end; head++)
                {
                    for (int block = 0; block < shape.KeyBlocks; block++) Pack(operands, head, block, (T*)memory.Pointer);
                    for (int block = 0; block < queryBlocks; block++) Queries(operands, head, block, (T*)memory.Pointer, scratch);
                }
                scratch.Return(memory);
                break;
            case PackPhase:
                (int packed, int keyBlock) = Math.DivRem(chunk, shape.KeyBlocks);
                Pack(operands, packed, keyBlock, (T*)shared + (packed * packedCount));
                break;
            default:
                // The last queries of a causal head have most to do, so they come first.
                (int back, int unit) = Math.DivRem(chunk, shape.Heads);
                Queries(operands, unit, queryBlocks - 1 - back, (T*)shared + (unit * packedCount), scratch);
                break;
        }
    }

    private void Pack(void** operands, long head, int block, T* packed)
    {
        int key = block * KeyBlock, keys = Math.Min(KeyBlock, shape.Keys - key);
        shape.K.CopyColumns(operands[1], head, key, keys, packed + ((long)key * shape.Depth), shape.PanelWidth(key));
        shape.V.CopyRows<T, TVector, TSimd>(operands[2], head, key, keys, shape.One, packed + keysCount + ((long)key * shape.ValueWidth), shape.ValueWidth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Queries(void** operands, long head, int block, T* packed, ScratchPool scratch)
    {
        int query = block * QueryBlock, rows = Math.Min(QueryBlock, shape.Queries - query), end = shape.Visible(query + rows - 1);
        int queriesCount = QueryBlock * shape.DepthWidth, outputCount = QueryBlock * shape.ValueWidth;
        const int tileCount = QueryBlock * KeyBlock, rowsCount = QueryBlock * (AttentionRows.Lanes + 4);
        Scratch memory = scratch.Rent((nuint)((queriesCount + outputCount + tileCount + rowsCount + (shape.HasMask ? tileCount : 0)) * sizeof(T)));
        T* q = (T*)memory.Pointer, output = q + queriesCount, scores = output + outputCount, lanes = scores + tileCount;
        var tile = new ScoreTile<T>
        {
            Scores = scores,
            Mask = shape.HasMask ? lanes + rowsCount : null,
            Sums = lanes,
            Greatest = lanes + (QueryBlock * AttentionRows.Lanes),
            Shifts = lanes + (QueryBlock * (AttentionRows.Lanes + 1)),
            Output = output,
            OutputWidth = shape.ValueWidth,
        };
        shape.Q.CopyRows<T, TVector, TSimd>(operands[0], head, query, rows, shape.ScoreFactor, q, shape.DepthWidth);
        new Span<T>(tile.Greatest, QueryBlock).Fill(T.NegativeInfinity);
        NativeMemory.Clear(lanes, (nuint)(rows * AttentionRows.Lanes * sizeof(T)));
        NativeMemory.Clear(output, (nuint)((long)rows * shape.ValueWidth * sizeof(T)));
        for (int key = 0; key < end; key += KeyBlock)
        {
            int keys = Math.Min(KeyBlock, end - key);
            shape.Scores(shape.Depth, q, shape.DepthWidth, packed + ((long)key * shape.Depth), query, rows, key, keys, scores);
            shape.Limit(&tile, query, rows, key, keys);
            if (tile.Mask != null) shape.ReadMask(operands[maskAt], head, query, rows, key, keys, tile.Mask);
            loops.Soften(&tile);
            AddValues(scores, packed + keysCount + ((long)key * shape.ValueWidth), query, rows, key, keys, output);
        }
        Finish(&tile, rows, (T*)operands[outputAt] + (((head * shape.Queries) + query) * shape.V.Columns), (T*)operands[outputAt + 1] + (head * shape.Queries) + query);
        scratch.Return(memory);
    }

    /// <summary>Adds weights times values of a block to the output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddValues(T* weights, T* values, int query, int rows, int key, int keys, T* output)
    {
        for (int r = 0; r < rows; r += AttentionRows.Group)
        {
            int some = Math.Min(AttentionRows.Group, rows - r), seen = Math.Min(keys, shape.Visible(query + r + some - 1) - key);
            if (seen > 0)
            {
                AttentionOperands<T, TVector, TSimd>.Product(some, shape.ValueWidth, seen, weights + (r * KeyBlock), KeyBlock, 1, values, shape.ValueWidth,
                    output + (r * shape.ValueWidth), shape.ValueWidth, true);
            }
        }
    }

    /// <summary>Divides by the sums of weights and writes the results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(ScoreTile<T>* tile, int rows, T* output, T* logarithms)
    {
        T* sums = tile->Shifts, logs = sums + QueryBlock;
        for (int r = 0; r < rows; r++) sums[r] = AttentionRows.Combine(tile->Sums + (r * AttentionRows.Lanes));
        loops.Log2(sums, logs, rows);
        int columns = shape.V.Columns;
        for (int r = 0; r < rows; r++, output += columns)
        {
            bool blind = sums[r] == T.Zero;
            logarithms[r] = blind ? T.PositiveInfinity : tile->Greatest[r] + logs[r];
            if (blind) new Span<T>(output, columns).Clear();
            else AttentionOperands<T, TVector, TSimd>.Write(tile->Output + ((nint)r * shape.ValueWidth), shape.ValueWidth, T.One / sums[r], 1, columns, output);
        }
    }
}
