namespace Engine.Tensors.Cpu;

/// <content>Operations whose value has a single reader are done in the reader's loop, where there is a loop for both.</content>
internal sealed unsafe partial class TileCompiler
{
    /// <summary>Merges nodes from the last to the first, so that a reader takes as many operations as its loop can do.</summary>
    private void Merge(int[] roots)
    {
        int[] readers = new int[nodes.Count];
        // An output is stored: with the reader that stands for it, no other reader is its only one.
        foreach (int root in roots) readers[root]++;
        for (int id = nodes.Count - 1; id >= 0; id--)
        {
            if (readers[id] == 0) continue;
            foreach (int operand in (ReadOnlySpan<int>)[nodes[id].Key.A, nodes[id].Key.B, nodes[id].Key.C])
            {
                if (operand >= 0) readers[operand]++;
            }
        }
        for (int id = nodes.Count - 1; id >= 0; id--)
        {
            if (readers[id] == 0 || !IsStep(id) || nodes[id].Extent == TileExtent.Single) continue;
            NodeKey key = nodes[id].Key;
            _ = TryPair(id, readers) || TryChain(id, key.A, key.B, swapped: false, readers) || TryChain(id, key.B, key.A, swapped: true, readers);
        }
    }

    /// <summary>second(first(a, b), other(c, d)).</summary>
    private bool TryPair(int id, int[] readers)
    {
        NodeKey key = nodes[id].Key;
        if (!IsLink(key.A, id, readers) || !IsLink(key.B, id, readers) || !IsStep(key.A) || !IsStep(key.B)) return false;
        (TileStep first, int a, int b) = Opening(key.A);
        (TileStep other, int c, int d) = Opening(key.B);
        if (TryMerge(id, new(first, Step(key.Op), Other: other), a, b, c, d)) return Remove(readers, key.A, key.B);
        bool commutes = key.Op is ExprOp.Add or ExprOp.Mul;
        return commutes && TryMerge(id, new(other, Step(key.Op), Other: first), c, d, a, b) && Remove(readers, key.A, key.B);
    }

    /// <summary>The value of one operand comes from the same loop, and perhaps the value of one of its operands.</summary>
    private bool TryChain(int id, int link, int next, bool swapped, int[] readers)
    {
        if (!IsLink(link, id, readers)) return false;
        NodeKey inner = nodes[link].Key;
        TileStep last = Step(nodes[id].Key.Op, swapped);
        if (inner.Op == ExprOp.Sqrt)
        {
            if (!IsLink(inner.A, id, readers) || nodes[inner.A].Key.Op is not (ExprOp.Add or ExprOp.Mul)) return false;
            (TileStep start, int x, int y) = Opening(inner.A);
            TileStep root = start == TileStep.Add ? TileStep.RootOfSum : TileStep.RootOfProduct;
            return TryMerge(id, new(root, last), x, y, next) && Remove(readers, link, inner.A);
        }
        if (!IsStep(link)) return false;
        foreach ((int deeper, int middle, bool exchanged) in (ReadOnlySpan<(int, int, bool)>)[(inner.A, inner.B, false), (inner.B, inner.A, true)])
        {
            if (!IsLink(deeper, id, readers) || !IsStep(deeper)) continue;
            (TileStep start, int x, int y) = Opening(deeper);
            if (TryMerge(id, new(start, Step(inner.Op, exchanged), last), x, y, middle, next)) return Remove(readers, link, deeper);
        }
        (TileStep first, int a, int b) = Opening(link);
        return TryMerge(id, new(first, last), a, b, next) && Remove(readers, link);
    }

    private bool TryMerge(int id, TilePattern pattern, int a, int b, int c, int d = -1)
    {
        int flags = Moves(a, 1) | Moves(b, 2) | Moves(c, 4) | (d < 0 ? 0 : Moves(d, 8));
        if (TileLoops.FindMerged(pattern, flags) == null) return false;
        nodes[id] = nodes[id] with { Key = nodes[id].Key with { A = a, B = b, C = c, D = d, Pattern = pattern } };
        return true;
    }

    private static bool Remove(int[] readers, params ReadOnlySpan<int> merged)
    {
        foreach (int id in merged) readers[id] = 0;
        return true;
    }

    /// <summary>An operation of two operands, one of which moves along and comes first.</summary>
    private (TileStep Step, int A, int B) Opening(int id)
    {
        NodeKey key = nodes[id].Key;
        return ExtentOf(key.A) == TileExtent.Single ? (Step(key.Op, swapped: true), key.B, key.A) : (Step(key.Op), key.A, key.B);
    }

    /// <summary>True for a value that only one reader needs, for as many elements as that reader computes.</summary>
    private bool IsLink(int id, int reader, int[] readers) =>
        id >= 0 && readers[id] == 1 && !nodes[id].IsLeaf && nodes[id].Type == DType.F32 && nodes[id].Extent == nodes[reader].Extent;

    private bool IsStep(int id) => nodes[id].Type == DType.F32 && nodes[id].Key.Reduce is null && Step(nodes[id].Key.Op) != TileStep.None;

    private static TileStep Step(ExprOp op, bool swapped = false) => op switch
    {
        ExprOp.Add => TileStep.Add,
        ExprOp.Sub => swapped ? TileStep.SubFrom : TileStep.Sub,
        ExprOp.Mul => TileStep.Mul,
        ExprOp.Div => swapped ? TileStep.DivInto : TileStep.Div,
        ExprOp.Min => TileStep.Min,
        ExprOp.Max => TileStep.Max,
        _ => TileStep.None,
    };
}
