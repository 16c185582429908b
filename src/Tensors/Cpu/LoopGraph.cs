using System.Runtime.InteropServices;

namespace Engine.Tensors.Cpu;

/// <summary>What the lanes of a vector in an emitted loop are. Truth values are masks in integer lanes; bytes and 16-bit elements are kept in 32-bit lanes.</summary>
internal enum LoopLane : byte
{
    F32,
    I32,
    F64,
    I64,
}

/// <summary>One step of an emitted loop on vectors.</summary>
internal enum LoopOp : byte
{
    /// <summary>Elements from a slot; <see cref="LoopNode.Bits"/> is their size in memory.</summary>
    Load,

    /// <summary>One value from a slot for all lanes.</summary>
    Scalar,

    /// <summary>The same bits in all lanes.</summary>
    Constant,
    Add,
    Sub,
    Mul,
    Div,
    Fma,
    Sqrt,
    Neg,
    Abs,
    Min,
    Max,
    Floor,
    Ceiling,
    Truncate,
    RoundEven,
    And,
    Or,
    Xor,
    Not,
    Equal,
    Less,
    LessEqual,

    /// <summary>A mask, then the lanes where it holds, then the others.</summary>
    Select,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
    MulHigh,
    Function,

    /// <summary>Integer and floating lanes of one size, the same bits.</summary>
    Reinterpret,

    /// <summary>Integers to floating point of the same size.</summary>
    ToFloat,

    /// <summary>Floating point to integers of the same size: truncated and saturated, NaN to 0.</summary>
    ToInteger,

    /// <summary>32-bit lanes to 64-bit lanes: one vector becomes two.</summary>
    Widen,

    /// <summary>64-bit lanes to 32-bit lanes: two vectors become one.</summary>
    Narrow,
    HalfToSingle,
    SingleToHalf,
    BrainToSingle,
    SingleToBrain,
}

/// <summary>A value of an emitted loop: an operation on earlier values.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Lane">What the result's lanes are.</param>
/// <param name="A">Number of the first operand, or -1.</param>
/// <param name="B">Number of the second operand, or -1.</param>
/// <param name="C">Number of the third operand, or -1.</param>
/// <param name="Index">Slot of a load, bits of a shift.</param>
/// <param name="Bits">Bits of a constant, element size of a load.</param>
/// <param name="Function">The function of <see cref="LoopOp.Function"/>.</param>
internal readonly record struct LoopNode(
    LoopOp Op, LoopLane Lane, int A = -1, int B = -1, int C = -1, int Index = 0, ulong Bits = 0, ElementaryFunction Function = default);

/// <summary>A value of an emitted loop that is reduced over its elements.</summary>
/// <param name="Op">A sum, product, maximum or minimum.</param>
/// <param name="Node">The value, in floating lanes.</param>
internal readonly record struct LoopReduction(ReduceOp Op, int Node);

/// <summary>
/// Scalar expressions as steps on vectors: equal subexpressions once, operands before users, element types turned into lanes with every conversion explicit.
/// Follows the rules of <see cref="TileCompiler"/>, so that both give the same bits.
/// </summary>
internal sealed partial class LoopGraph : IEquatable<LoopGraph>
{
    private readonly Dictionary<Expr, int> byReference = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LoopNode, int> byValue = [];
    private readonly List<LoopNode> nodes = [];
    private readonly List<bool> invariant = [];
    private readonly TileSource[] inputs;
    private readonly int[] coordinates;
    private readonly int outputs;

    private LoopGraph(ReadOnlySpan<Expr> bodies, ReadOnlySpan<TileSource> inputs, ReadOnlySpan<int> coordinates, bool overRow, int reductions)
    {
        IsOverRow = overRow;
        this.inputs = inputs.ToArray();
        this.coordinates = coordinates.ToArray();
        outputs = bodies.Length;
        Roots = new int[outputs];
        Types = new DType[outputs];
        Reductions = new LoopReduction[reductions];
    }

    /// <summary>The values; operands come before their users.</summary>
    public IReadOnlyList<LoopNode> Nodes => nodes;

    /// <summary>The value of each output: masks for bool, bits in 32-bit lanes for the types of one and two bytes.</summary>
    public int[] Roots { get; }

    /// <summary>The element type of each output.</summary>
    public DType[] Types { get; }

    /// <summary>True for a loop over a row: one of at least 64 elements, with outputs that share no memory with inputs.</summary>
    public bool IsOverRow { get; }

    /// <summary>What is reduced, in a loop over a row. The addresses of the results are in the slots after the coordinates.</summary>
    public LoopReduction[] Reductions { get; }

    /// <summary>Number of inputs: the first slots.</summary>
    public int Inputs => inputs.Length;

    /// <summary>Number of coordinates: the slots after the outputs.</summary>
    public int Coordinates => coordinates.Length;

    /// <summary>Bits of the narrowest lanes, 32 or 64: they set how many elements a step takes.</summary>
    public int LaneBits { get; private set; } = 64;

    /// <summary>True for a value that is the same at every element.</summary>
    public bool IsInvariant(int node) => invariant[node];

    /// <summary>Whether both are the same loop.</summary>
    public bool Equals(LoopGraph? other) =>
        other is not null && Inputs == other.Inputs && Coordinates == other.Coordinates && LaneBits == other.LaneBits && IsOverRow == other.IsOverRow
        && Types.AsSpan().SequenceEqual(other.Types) && Roots.AsSpan().SequenceEqual(other.Roots) && Reductions.AsSpan().SequenceEqual(other.Reductions)
        && CollectionsMarshal.AsSpan(nodes).SequenceEqual(CollectionsMarshal.AsSpan(other.nodes));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LoopGraph);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (LoopNode node in nodes) hash.Add(node);
        foreach (int root in Roots) hash.Add(root);
        foreach (LoopReduction reduction in Reductions) hash.Add(reduction);
        return hash.ToHashCode();
    }

    /// <summary>The steps, or null when an operation is better left to the tile loops.</summary>
    public static LoopGraph? TryBuild(
        ReadOnlySpan<Expr> bodies, ReadOnlySpan<TileSource> inputs, ReadOnlySpan<int> coordinates, bool overRow = false, ReadOnlySpan<RowStage> reductions = default)
    {
        var graph = new LoopGraph(bodies, inputs, coordinates, overRow, reductions.Length);
        Expr[] all = new Expr[bodies.Length + reductions.Length];
        bodies.CopyTo(all);
        for (int i = 0; i < reductions.Length; i++) all[bodies.Length + i] = reductions[i].Body;
        List<Expr> order = Order(all);
        bool numbers = false;
        foreach (Expr e in order)
        {
            numbers |= e.Type is not (DType.Bool or DType.U8);
            if (e.Type is not (DType.Bool or DType.F64 or DType.I64)) graph.LaneBits = 32;
        }
        // Bytes alone go faster through loops over vectors of bytes.
        if (!numbers) return null;
        foreach (Expr e in order)
        {
            int node = graph.Lower(e);
            if (node < 0) return null;
            graph.byReference[e] = node;
        }
        for (int i = 0; i < bodies.Length; i++)
        {
            int root = graph.byReference[bodies[i]];
            graph.Types[i] = bodies[i].Type;
            graph.Roots[i] = bodies[i].Type == DType.Bool ? graph.Mask(root, graph.LaneBits) : root;
        }
        for (int i = 0; i < reductions.Length; i++) graph.Reductions[i] = new(reductions[i].Op, graph.byReference[reductions[i].Body]);
        graph.byReference.Clear();
        graph.byValue.Clear();
        return graph;
    }

    private static List<Expr> Order(ReadOnlySpan<Expr> bodies)
    {
        var order = new List<Expr>();
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<Expr>();
        foreach (Expr body in bodies)
        {
            pending.Push(body);
            while (pending.TryPeek(out Expr? e))
            {
                int waiting = pending.Count;
                if (!seen.Contains(e))
                {
                    foreach (Expr a in e.Arguments)
                    {
                        if (!seen.Contains(a)) pending.Push(a);
                    }
                    if (pending.Count > waiting) continue;
                    seen.Add(e);
                    order.Add(e);
                }
                pending.Pop();
            }
        }
        return order;
    }

    private int Lower(Expr e)
    {
        int a = e.Arguments.Length > 0 ? byReference[e.Arguments[0]] : -1;
        int b = e.Arguments.Length > 1 ? byReference[e.Arguments[1]] : -1;
        int c = e.Arguments.Length > 2 ? byReference[e.Arguments[2]] : -1;
        DType operand = a < 0 ? e.Type : e.Arguments[0].Type;
        switch (e.Op)
        {
            case ExprOp.Input: return Read(e.Index, e.Type, inputs[e.Index] == TileSource.Scalar);
            case ExprOp.Constant: return Literal(e.Bits, e.Type);
            case ExprOp.Coordinate:
                int slot = Array.IndexOf(coordinates, e.Index);
                return slot < 0 ? -1 : Read(inputs.Length + outputs + slot, DType.I64, false);
            case ExprOp.Cast: return Cast(e, a, operand, e.Type);
            case ExprOp.Bitcast: return Bitcast(a, operand, e.Type);
            case ExprOp.Select: return Choose(a, b, c, e.Type);
            case ExprOp.Floor or ExprOp.Ceiling or ExprOp.Truncate or ExprOp.RoundEven when !operand.IsFloating(): return a;
        }
        if (!TileLoops.ComputesWide(e.Op, operand)) return operand == DType.Bool ? Logic(e.Op, a, b) : Compute(e, operand, a, b, c);
        // f16 and bf16 are storage: the operation happens in f32 and its result is rounded.
        int wide = Compute(e, DType.F32, Convert(a, operand, DType.F32), b < 0 ? -1 : Convert(b, operand, DType.F32), c < 0 ? -1 : Convert(c, operand, DType.F32));
        return wide < 0 || e.Type == DType.Bool ? wide : Convert(wide, DType.F32, e.Type);
    }

    private int Compute(Expr e, DType type, int a, int b, int c)
    {
        LoopLane lane = LaneOf(type);
        bool floating = type is DType.F32 or DType.F64, integer = type is DType.I32 or DType.I64;
        switch (e.Op)
        {
            case ExprOp.Equal: return Add(new(LoopOp.Equal, Integers(lane), a, b));
            case ExprOp.Less: return Add(new(LoopOp.Less, Integers(lane), a, b));
            case ExprOp.LessEqual: return Add(new(LoopOp.LessEqual, Integers(lane), a, b));
            case ExprOp.And or ExprOp.Or or ExprOp.Xor:
                return floating ? -1 : Add(new(e.Op == ExprOp.And ? LoopOp.And : e.Op == ExprOp.Or ? LoopOp.Or : LoopOp.Xor, lane, a, b));
            case ExprOp.Function: return floating ? Add(new(LoopOp.Function, lane, a, b, Function: e.Function)) : -1;
            case ExprOp.MulHigh: return type == DType.I32 ? Add(new(LoopOp.MulHigh, lane, a, b)) : -1;
            case ExprOp.Fma when integer: return Add(new(LoopOp.Add, lane, Add(new(LoopOp.Mul, lane, a, b)), c));
            case ExprOp.ShiftLeft or ExprOp.ShiftRight or ExprOp.ShiftRightUnsigned:
                if (!integer || nodes[b].Op != LoopOp.Constant) return -1;
                LoopOp shift = e.Op == ExprOp.ShiftLeft ? LoopOp.ShiftLeft : e.Op == ExprOp.ShiftRight ? LoopOp.ShiftRight : LoopOp.ShiftRightUnsigned;
                return Add(new(shift, lane, a, Index: (int)nodes[b].Bits & ((8 * type.Size()) - 1)));
        }
        LoopOp? op = e.Op switch
        {
            ExprOp.Add => LoopOp.Add,
            ExprOp.Sub => LoopOp.Sub,
            ExprOp.Mul => LoopOp.Mul,
            ExprOp.Neg => LoopOp.Neg,
            ExprOp.Abs => LoopOp.Abs,
            ExprOp.Min => LoopOp.Min,
            ExprOp.Max => LoopOp.Max,
            ExprOp.Div when floating => LoopOp.Div,
            ExprOp.Fma => LoopOp.Fma,
            ExprOp.Sqrt when floating => LoopOp.Sqrt,
            ExprOp.Floor => LoopOp.Floor,
            ExprOp.Ceiling => LoopOp.Ceiling,
            ExprOp.Truncate => LoopOp.Truncate,
            ExprOp.RoundEven => LoopOp.RoundEven,
            _ => null,
        };
        return op is { } known && (floating || integer) ? Add(new(known, lane, a, b, c)) : -1;
    }

    /// <summary>Operations on truth values, as masks.</summary>
    private int Logic(ExprOp op, int a, int b)
    {
        if (b < 0) return -1;
        (a, b, LoopLane lane) = SameMasks(a, b);
        return op switch
        {
            ExprOp.And => Add(new(LoopOp.And, lane, a, b)),
            ExprOp.Or => Add(new(LoopOp.Or, lane, a, b)),
            ExprOp.Xor => Add(new(LoopOp.Xor, lane, a, b)),
            ExprOp.Equal => Add(new(LoopOp.Not, lane, Add(new(LoopOp.Xor, lane, a, b)))),
            ExprOp.Less => Add(new(LoopOp.And, lane, Add(new(LoopOp.Not, lane, a)), b)),
            ExprOp.LessEqual => Add(new(LoopOp.Or, lane, Add(new(LoopOp.Not, lane, a)), b)),
            _ => -1,
        };
    }

    private int Choose(int condition, int yes, int no, DType type)
    {
        if (type == DType.Bool) (yes, no, _) = SameMasks(yes, no);
        LoopLane lane = nodes[yes].Lane;
        return Add(new(LoopOp.Select, lane, Mask(condition, BitsOf(lane)), yes, no));
    }

    private (int A, int B, LoopLane Lane) SameMasks(int a, int b)
    {
        LoopLane lane = nodes[a].Lane == LoopLane.I32 ? LoopLane.I32 : nodes[b].Lane;
        return (Mask(a, BitsOf(lane)), Mask(b, BitsOf(lane)), lane);
    }

    private int Read(int slot, DType type, bool single)
    {
        LoopLane lane = type == DType.Bool && LaneBits == 64 ? LoopLane.I64 : LaneOf(type);
        int value = Add(new(single ? LoopOp.Scalar : LoopOp.Load, lane, Index: slot, Bits: (ulong)type.Size()));
        return type == DType.Bool ? Add(new(LoopOp.Less, lane, Number(lane, 0), value)) : value;
    }

    private int Literal(ulong bits, DType type)
    {
        LoopLane lane = type == DType.Bool && LaneBits == 64 ? LoopLane.I64 : LaneOf(type);
        return type == DType.Bool ? Number(lane, bits != 0 ? ulong.MaxValue : 0) : Number(lane, bits);
    }

    private int Number(LoopLane lane, ulong bits) => Add(new(LoopOp.Constant, lane, Bits: BitsOf(lane) == 32 ? (uint)bits : bits));

    private int Add(LoopNode node)
    {
        if (byValue.TryGetValue(node, out int known)) return known;
        nodes.Add(node);
        invariant.Add(node.Op switch
        {
            LoopOp.Load => false,
            LoopOp.Scalar or LoopOp.Constant => true,
            _ => invariant[node.A] && (node.B < 0 || invariant[node.B]) && (node.C < 0 || invariant[node.C]),
        });
        return byValue[node] = nodes.Count - 1;
    }

    private static LoopLane LaneOf(DType type) => type switch
    {
        DType.F32 => LoopLane.F32,
        DType.F64 => LoopLane.F64,
        DType.I64 => LoopLane.I64,
        _ => LoopLane.I32,
    };

    private static LoopLane Integers(LoopLane lane) => lane is LoopLane.F32 or LoopLane.I32 ? LoopLane.I32 : LoopLane.I64;

    private static int BitsOf(LoopLane lane) => lane is LoopLane.F32 or LoopLane.I32 ? 32 : 64;
}
