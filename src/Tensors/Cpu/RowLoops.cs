using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The emitted form of a kernel over long rows: loops that reduce, one for all stages in succession that do not need each other, then one loop for all results.
/// What is costly to compute and needed again later is written to scratch memory on the way.
/// </summary>
internal sealed unsafe class RowLoops
{
    /// <summary>The shortest row that the loops take.</summary>
    public const int ShortestRow = ReductionTree.Lanes;

    private readonly int operands;
    private readonly int stages;
    private readonly Pass[] passes;
    private readonly EmittedLoop? elementLoop;
    private readonly EmittedLoop? rowLoop;
    private readonly int[] elementOutputs;
    private readonly int[] rowOutputs;
    private readonly int most;

    private RowLoops(int operands, int stages, Pass[] passes, EmittedLoop? elementLoop, int[] elementOutputs, EmittedLoop? rowLoop, int[] rowOutputs)
    {
        this.operands = operands;
        this.stages = stages;
        this.passes = passes;
        this.elementLoop = elementLoop;
        this.elementOutputs = elementOutputs;
        this.rowLoop = rowLoop;
        this.rowOutputs = rowOutputs;
        most = Math.Max(Math.Max(elementOutputs.Length, rowOutputs.Length), passes.Max(p => p.Targets.Length));
    }

    /// <summary>The loops, or null when one of them cannot be emitted.</summary>
    public static RowLoops? TryMake(LoopCache loops, RowStages stages, Exprs bodies, bool[] perRow, TileSource[] sources)
    {
        int n = sources.Length, s = stages.Count;
        // Operands, then the values of the stages, then rows in scratch memory.
        TileSource[] inputs = [.. sources, .. Enumerable.Repeat(TileSource.Scalar, s), .. Enumerable.Repeat(TileSource.InPlace, s)];
        var written = new Dictionary<Expr, Expr>();
        int[] elements = [.. Enumerable.Range(0, bodies.Count).Where(i => !perRow[i])], rows = [.. Enumerable.Range(0, bodies.Count).Where(i => perRow[i])];
        var passes = new List<Pass>();
        for (int first = 0; first < s;)
        {
            int end = first + 1;
            while (end < s && !RowUses.ReadsInput(stages[end].Body, n + first, n + end)) end++;
            Pass? pass = TryPass(first, end) ?? TryPass(first, end = first + 1);
            if (pass is null) return null;
            passes.Add(pass);
            first = end;
        }
        EmittedLoop? elementLoop = elements.Length == 0 ? null : loops.Find(Rewritten(elements.Select(i => bodies[i])), inputs, [], overRow: true);
        EmittedLoop? rowLoop = rows.Length == 0 ? null : loops.Find([.. rows.Select(i => bodies[i])], inputs, []);
        bool whole = (elementLoop is not null || elements.Length == 0) && (rowLoop is not null || rows.Length == 0);
        return whole ? new(n, s, [.. passes], elementLoop, elements, rowLoop, rows) : null;

        Pass? TryPass(int first, int end)
        {
            RowStage[] reduced = stages.Values[first..end].ToArray();
            Expr[] bodiesOf = Rewritten(reduced.Select(r => r.Body));
            List<Expr> kept = RowUses.WorthKeeping(
                reduced.Select(r => r.Body), [.. stages.Values[end..].ToArray().Select(r => r.Body), .. elements.Select(i => bodies[i])], inputs, written, s - written.Count);
            EmittedLoop? loop = loops.Find(Rewritten(kept), inputs, [], overRow: true, [.. reduced.Select((r, i) => r with { Body = bodiesOf[i] })]);
            if (loop is null) return null;
            int[] targets = [.. Enumerable.Range(n + s + written.Count, kept.Count), .. Enumerable.Range(n + first, end - first)];
            foreach (Expr e in kept) written.Add(e, Expr.Input(n + s + written.Count, e.Type));
            return new(loop, targets);
        }

        Expr[] Rewritten(IEnumerable<Expr> all)
        {
            var known = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
            return [.. all.Select(e => e.Replace(p => written.GetValueOrDefault(p), known))];
        }
    }

    /// <summary>Computes rows.</summary>
    /// <param name="slots">Addresses of the operands, then of the outputs, in the first row; moved along.</param>
    /// <param name="steps">Distances of the rows in bytes, as the slots.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="length">Length of a row, at least <see cref="ShortestRow"/>.</param>
    /// <param name="scratch">A row per stage, and one per output when they are streamed.</param>
    /// <param name="rowBytes">Distance of the rows in scratch.</param>
    /// <param name="streams">Whether results of elements go past the caches.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(byte** slots, ReadOnlySpan<nint> steps, long rows, nint length, byte* scratch, nint rowBytes, bool streams)
    {
        int inputs = operands + (2 * stages);
        ulong* values = stackalloc ulong[stages];
        byte** table = stackalloc byte*[inputs + most];
        for (int k = 0; k < stages; k++)
        {
            table[operands + k] = (byte*)(values + k);
            table[operands + stages + k] = scratch + (k * rowBytes);
        }
        for (long row = 0; row < rows; row++)
        {
            for (int i = 0; i < operands; i++) table[i] = slots[i];
            foreach (Pass pass in passes)
            {
                int[] targets = pass.Targets;
                for (int i = 0; i < targets.Length; i++) table[inputs + i] = table[targets[i]];
                pass.Loop(null, table, length);
            }
            if (elementLoop is not null)
            {
                for (int i = 0; i < elementOutputs.Length; i++)
                    table[inputs + i] = streams ? scratch + ((stages + i) * rowBytes) : slots[operands + elementOutputs[i]];
                elementLoop(null, table, length);
                for (int i = 0; streams && i < elementOutputs.Length; i++)
                    StreamedCopy.Run(table[inputs + i], slots[operands + elementOutputs[i]], steps[operands + elementOutputs[i]]);
            }
            if (rowLoop is not null)
            {
                for (int i = 0; i < rowOutputs.Length; i++) table[inputs + i] = slots[operands + rowOutputs[i]];
                rowLoop(null, table, 1);
            }
            for (int i = 0; i < steps.Length; i++) slots[i] += steps[i];
        }
        if (streams) StreamedCopy.Finish();
    }

    /// <summary>A loop over a row that reduces.</summary>
    /// <param name="Loop">The loop.</param>
    /// <param name="Targets">Where the addresses of its results are: rows in scratch memory, then values of stages.</param>
    private sealed record Pass(EmittedLoop Loop, int[] Targets);
}
