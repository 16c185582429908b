namespace Engine.Tensors.Cpu;

/// <summary>What expressions over rows read, and which of their parts are worth keeping for later ones.</summary>
internal static class RowUses
{
    /// <summary>Operations from which on a value is read again rather than computed again.</summary>
    private const int FewOperations = 4;

    /// <summary>Whether an expression reads an input in a range.</summary>
    public static bool ReadsInput(Expr e, int first, int end)
    {
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        Visit(e, seen);
        return seen.Any(p => p.Op == ExprOp.Input && p.Index >= first && p.Index < end);
    }

    /// <summary>The largest parts of some expressions that occur in later ones and are costly to compute.</summary>
    /// <param name="bodies">The expressions.</param>
    /// <param name="later">Those that may use parts of them again.</param>
    /// <param name="inputs">How the inputs come: what reads none that differs between elements is never kept.</param>
    /// <param name="written">Parts that are kept already.</param>
    /// <param name="most">How many more can be kept.</param>
    public static List<Expr> WorthKeeping(IEnumerable<Expr> bodies, IEnumerable<Expr> later, TileSource[] inputs, Dictionary<Expr, Expr> written, int most)
    {
        var again = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr e in later) Visit(e, again);
        var kept = new List<Expr>();
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        foreach (Expr body in bodies) Find(body);
        return kept;

        void Find(Expr e)
        {
            if (kept.Count == most || !seen.Add(e) || written.ContainsKey(e) || !IsCostly(e, inputs)) return;
            if (again.Contains(e))
            {
                if (!kept.Contains(e)) kept.Add(e);
                return;
            }
            foreach (Expr a in e.Arguments) Find(a);
        }
    }

    private static bool IsCostly(Expr e, TileSource[] inputs)
    {
        var parts = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        Visit(e, parts);
        if (!parts.Any(p => p.Op == ExprOp.Input && inputs[p.Index] != TileSource.Scalar)) return false;
        return parts.Any(p => p.Op is ExprOp.Function or ExprOp.Div or ExprOp.Sqrt) || parts.Count(p => p.Op is not (ExprOp.Input or ExprOp.Constant)) >= FewOperations;
    }

    private static void Visit(Expr e, HashSet<Expr> seen)
    {
        if (!seen.Add(e)) return;
        foreach (Expr a in e.Arguments) Visit(a, seen);
    }
}
