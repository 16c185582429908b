using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The emitted form of a kernel over long rows: for every stage a loop that writes what is reduced to scratch memory and the reduction of that, then one loop for all results.
/// What a stage has written is read again wherever it occurs later.
/// </summary>
internal sealed unsafe class RowLoops
{
    private readonly int operands;
    private readonly Stage[] stages;
    private readonly EmittedLoop? elementLoop;
    private readonly EmittedLoop? rowLoop;
    private readonly int[] elementOutputs;
    private readonly int[] rowOutputs;

    private RowLoops(int operands, Stage[] stages, EmittedLoop? elementLoop, int[] elementOutputs, EmittedLoop? rowLoop, int[] rowOutputs)
    {
        this.operands = operands;
        this.stages = stages;
        this.elementLoop = elementLoop;
        this.elementOutputs = elementOutputs;
        this.rowLoop = rowLoop;
        this.rowOutputs = rowOutputs;
    }

    /// <summary>The loops, or null when one of them cannot be emitted.</summary>
    public static RowLoops? TryMake(LoopCache loops, RowStages stages, Exprs bodies, bool[] perRow, TileSource[] sources)
    {
        int n = sources.Length, s = stages.Count;
        // Operands, then the values of the stages, then what the stages wrote.
        TileSource[] inputs = [.. sources, .. Enumerable.Repeat(TileSource.Scalar, s), .. Enumerable.Repeat(TileSource.InPlace, s)];
        var written = new Dictionary<Expr, Expr>();
        var known = new Dictionary<Expr, Expr>(ReferenceEqualityComparer.Instance);
        Stage[] made = new Stage[s];
        for (int k = 0; k < s; k++)
        {
            Expr body = stages[k].Body;
            made[k] = new Stage { Reduction = TileLoops.FindReduction(stages[k].Op, body.Type, manyRows: false), Row = n + s + k };
            if (body.Op == ExprOp.Input && body.Index < n && inputs[body.Index] != TileSource.Scalar)
            {
                made[k].Row = body.Index;
                continue;
            }
            if (written.TryGetValue(body, out Expr? row))
            {
                made[k].Row = row.Index;
                continue;
            }
            made[k].Loop = loops.Find([Rewrite(body)], inputs, []);
            if (made[k].Loop is null) return null;
            written.Add(body, Expr.Input(n + s + k, body.Type));
            // Earlier rewritings did not know this row.
            known.Clear();
        }
        int[] elements = [.. Enumerable.Range(0, bodies.Count).Where(i => !perRow[i])], rows = [.. Enumerable.Range(0, bodies.Count).Where(i => perRow[i])];
        EmittedLoop? elementLoop = elements.Length == 0 ? null : loops.Find([.. elements.Select(i => Rewrite(bodies[i]))], inputs, []);
        EmittedLoop? rowLoop = rows.Length == 0 ? null : loops.Find([.. rows.Select(i => bodies[i])], inputs, []);
        bool whole = (elementLoop is not null || elements.Length == 0) && (rowLoop is not null || rows.Length == 0);
        return whole ? new(n, made, elementLoop, elements, rowLoop, rows) : null;

        Expr Rewrite(Expr body) => body.Replace(e => written.GetValueOrDefault(e), known);
    }

    /// <summary>Computes one row.</summary>
    /// <param name="slots">Addresses of the operands, then of the outputs.</param>
    /// <param name="length">Length of the row.</param>
    /// <param name="scratch">A row per stage.</param>
    /// <param name="rowBytes">Distance of the rows in scratch.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(byte** slots, nint length, byte* scratch, nint rowBytes)
    {
        int s = stages.Length, inputs = operands + (2 * s);
        ulong* values = stackalloc ulong[s];
        byte** table = stackalloc byte*[inputs + elementOutputs.Length + rowOutputs.Length + 1];
        for (int i = 0; i < operands; i++) table[i] = slots[i];
        for (int k = 0; k < s; k++)
        {
            table[operands + k] = (byte*)(values + k);
            table[operands + s + k] = scratch + (k * rowBytes);
        }
        for (int k = 0; k < s; k++)
        {
            ref readonly Stage stage = ref stages[k];
            if (stage.Loop is { } loop)
            {
                table[inputs] = table[stage.Row];
                loop(null, table, length);
            }
            stage.Reduction((byte*)(values + k), table[stage.Row], null, null, length, 1);
        }
        if (elementLoop is not null)
        {
            for (int i = 0; i < elementOutputs.Length; i++) table[inputs + i] = slots[operands + elementOutputs[i]];
            elementLoop(null, table, length);
        }
        if (rowLoop is not null)
        {
            for (int i = 0; i < rowOutputs.Length; i++) table[inputs + i] = slots[operands + rowOutputs[i]];
            rowLoop(null, table, 1);
        }
    }

    private struct Stage
    {
        /// <summary>Writes what is reduced; null when it is there already.</summary>
        public EmittedLoop? Loop;

        /// <summary>Slot of what is reduced.</summary>
        public int Row;

        public delegate*<byte*, byte*, byte*, byte*, nint, int, void> Reduction;
    }
}
