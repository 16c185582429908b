namespace Engine.Tensors.Cpu;

/// <summary>Turns expressions into tile instructions: equal subexpressions once, operands before users, operations merged where a loop does several,
/// slots reused after their last reader.</summary>
internal sealed unsafe partial class TileCompiler
{
    private readonly TileSource[] inputs;
    private readonly Dictionary<Expr, int> byReference = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<NodeKey, int> byValue = [];
    private readonly Dictionary<int, int> widened = [];
    private readonly List<Node> nodes = [];
    private readonly List<int> coordinates = [];
    private readonly List<(ulong Bits, int Size)> constants = [];
    private readonly bool[] used;
    private readonly int outputs;
    private readonly int rowLength;
    private readonly List<int> stages = [];
    private int temporaries;
    private int singles;
    private int elementSize = 1;

    /// <param name="inputs">How the inputs come.</param>
    /// <param name="outputs">How many outputs there are.</param>
    /// <param name="rowLength">Length of the rows of which a tile has several; 0 when a tile has one row or none.</param>
    public TileCompiler(ReadOnlySpan<TileSource> inputs, int outputs, int rowLength = 0)
    {
        this.inputs = inputs.ToArray();
        this.outputs = outputs;
        this.rowLength = rowLength;
        used = new bool[inputs.Length];
    }

    /// <summary>Adds a reduction of rows. Expressions that come later see its value as the next input.</summary>
    public void AddStage(RowStage stage)
    {
        Visit(stage.Body);
        // One value for all elements still has to be reduced as often as there are elements.
        int operand = Widen(byReference[stage.Body], TileExtent.Tile);
        var key = new NodeKey(default, stage.Body.Type, 0, 0, default, operand, -1, -1, stage.Op);
        stages.Add(Add(key, stage.Body.Type, rowLength > 0 ? TileExtent.Rows : TileExtent.Single));
    }

    /// <summary>The instructions. Every output is written by one of them.</summary>
    /// <param name="bodies">An expression per output.</param>
    /// <param name="perRow">Which outputs have one value for a row; none when empty.</param>
    /// <param name="writesLast">Write no output before everything is computed.</param>
    public TileInstruction[] Compile(ReadOnlySpan<Expr> bodies, ReadOnlySpan<bool> perRow = default, bool writesLast = false)
    {
        int[] roots = new int[bodies.Length];
        foreach (Expr body in bodies) Visit(body);
        for (int i = 0; i < roots.Length; i++)
        {
            int root = byReference[bodies[i]];
            TileExtent extent = perRow.IsEmpty || !perRow[i] ? TileExtent.Tile : rowLength > 0 ? TileExtent.Rows : TileExtent.Single;
            // What is not computed for one output alone, once for each of its elements, is copied there.
            bool own = !writesLast && !nodes[root].IsLeaf && nodes[root].Extent == extent && extent != TileExtent.Single && !roots.AsSpan(0, i).Contains(root);
            roots[i] = own ? root : Copy(root, extent);
        }
        Merge(roots);
        return Schedule(roots);
    }

    public TileSlots Slots() => new(inputs.Length, outputs, [.. coordinates], [.. constants], temporaries, singles, elementSize, used);

    private void Visit(Expr root)
    {
        var pending = new Stack<Expr>();
        pending.Push(root);
        while (pending.Count > 0)
        {
            Expr e = pending.Peek();
            if (byReference.ContainsKey(e))
            {
                pending.Pop();
                continue;
            }
            bool ready = true;
            foreach (Expr a in e.Arguments)
            {
                if (byReference.ContainsKey(a)) continue;
                pending.Push(a);
                ready = false;
            }
            if (!ready) continue;
            pending.Pop();
            byReference[e] = Lower(e);
        }
    }

    /// <summary>A new node with the values of another, repeated to an extent.</summary>
    private int Copy(int node, TileExtent extent)
    {
        bool expands = nodes[node].Extent == TileExtent.Rows && extent == TileExtent.Tile;
        return Add(new NodeKey(ExprOp.Cast, nodes[node].Type, 0, 0, default, node, -1, -1, Expands: expands), nodes[node].Type, extent);
    }

    /// <summary>A node's values at every element: those of rows repeated along them.</summary>
    private int Widen(int node, TileExtent extent)
    {
        if (node < 0 || nodes[node].Extent == extent) return node;
        if (widened.TryGetValue(node, out int known)) return known;
        return widened[node] = Copy(node, extent);
    }

    private int Lower(Expr e)
    {
        if (e.Op == ExprOp.Input && e.Index >= inputs.Length) return stages[e.Index - inputs.Length];
        int a = e.Arguments.Length > 0 ? byReference[e.Arguments[0]] : -1;
        int b = e.Arguments.Length > 1 ? byReference[e.Arguments[1]] : -1;
        int c = e.Arguments.Length > 2 ? byReference[e.Arguments[2]] : -1;
        if (e.Op is ExprOp.Cast or ExprOp.Bitcast && nodes[a].Type == e.Type) return a;
        bool leaf = a < 0;
        if (!leaf && TileLoops.ComputesWide(e.Op, nodes[e.Op == ExprOp.Select ? b : a].Type))
        {
            // f16 and bf16 are storage: the operation happens in f32 and its result is rounded.
            int wide = Intern(e, DType.F32, ToSingle(a), b < 0 ? -1 : ToSingle(b), c < 0 ? -1 : ToSingle(c));
            return e.Type.IsHalfWidth() ? Add(new NodeKey(ExprOp.Cast, e.Type, 0, 0, default, wide, -1, -1), e.Type) : wide;
        }
        return Intern(e, e.Type, a, b, c);
    }

    private int ToSingle(int node) =>
        nodes[node].Type.IsHalfWidth() ? Add(new NodeKey(ExprOp.Cast, DType.F32, 0, 0, default, node, -1, -1), DType.F32) : node;

    private int Intern(Expr e, DType type, int a, int b, int c)
    {
        if (e.Type == DType.Bool) type = DType.Bool;
        return Add(new NodeKey(e.Op, type, e.Index, e.Bits, e.Function, a, b, c), type);
    }

    private int Add(NodeKey key, DType type, TileExtent? given = null)
    {
        if (given is null)
        {
            if (byValue.TryGetValue(key, out int known)) return known;
            given = ExtentOf(key);
            if (given == TileExtent.Tile) key = key with { A = AlongRows(key.A), B = AlongRows(key.B), C = AlongRows(key.C) };
            byValue[key] = nodes.Count;
        }
        nodes.Add(new Node { Key = key, Type = type, Extent = given.Value, IsLeaf = key.A < 0, Slot = -1 });
        return nodes.Count - 1;
    }

    /// <summary>Loops read an element per position or one value for all: what has a value per row is repeated first.</summary>
    private int AlongRows(int node) => node >= 0 && nodes[node].Extent == TileExtent.Rows ? Widen(node, TileExtent.Tile) : node;

    private TileExtent ExtentOf(NodeKey key) => key.Op switch
    {
        ExprOp.Input => inputs[key.Index] switch { TileSource.Scalar => TileExtent.Single, TileSource.PerRow => TileExtent.Rows, _ => TileExtent.Tile },
        ExprOp.Constant => TileExtent.Single,
        ExprOp.Coordinate => TileExtent.Tile,
        _ => (TileExtent)Math.Max(Math.Max((int)ExtentOf(key.A), (int)ExtentOf(key.B)), (int)ExtentOf(key.C)),
    };

    private TileExtent ExtentOf(int node) => node < 0 ? TileExtent.Single : nodes[node].Extent;

    /// <summary>Gives every node a slot and emits the instructions. Nodes are already in an order in which operands come first.</summary>
    private TileInstruction[] Schedule(int[] roots)
    {
        bool[] needed = new bool[nodes.Count];
        int[] lastUse = new int[nodes.Count];
        foreach (int root in roots) needed[root] = true;
        for (int id = nodes.Count - 1; id >= 0; id--)
        {
            if (!needed[id]) continue;
            foreach (int operand in (ReadOnlySpan<int>)[nodes[id].Key.A, nodes[id].Key.B, nodes[id].Key.C, nodes[id].Key.D])
            {
                if (operand < 0) continue;
                needed[operand] = true;
                lastUse[operand] = Math.Max(lastUse[operand], id);
            }
        }
        AssignLeaves(needed);
        var free = new Stack<int>();
        var emitted = new List<(TileInstruction Instruction, int Node)>();
        for (int id = 0; id < nodes.Count; id++)
        {
            if (!needed[id] || nodes[id].IsLeaf) continue;
            Node node = nodes[id];
            int output = Array.IndexOf(roots, id);
            if (output < 0) elementSize = Math.Max(elementSize, node.Type.Size());
            // Loops of one element size may write over an operand that dies here; others must not.
            bool inPlace = TileLoops.MayOverwriteOperands(node.Key.Op) && node.Key.Reduce is null && SameSizes(node);
            if (inPlace) Release(node, id, lastUse, free);
            if (output >= 0) node.Slot = Slot.Output - output;
            else if (node.Extent == TileExtent.Single) node.Slot = Slot.Single + singles++;
            else node.Slot = Slot.Temporary + (free.TryPop(out int reused) ? reused : temporaries++);
            if (!inPlace) Release(node, id, lastUse, free);
            nodes[id] = node;
            emitted.Add((default, id));
        }
        TileSlots slots = Slots();
        var instructions = new TileInstruction[emitted.Count];
        for (int i = 0; i < instructions.Length; i++) instructions[i] = Emit(nodes[emitted[i].Node], slots);
        return instructions;
    }

    private void AssignLeaves(bool[] needed)
    {
        for (int id = 0; id < nodes.Count; id++)
        {
            if (!needed[id] || !nodes[id].IsLeaf) continue;
            Node node = nodes[id];
            switch (node.Key.Op)
            {
                case ExprOp.Input:
                    node.Slot = Slot.Input + node.Key.Index;
                    used[node.Key.Index] = true;
                    break;
                case ExprOp.Coordinate:
                    node.Slot = Slot.Coordinate + coordinates.Count;
                    coordinates.Add(node.Key.Index);
                    elementSize = 8;
                    break;
                default:
                    node.Slot = Slot.Constant + constants.Count;
                    constants.Add((node.Key.Bits, node.Type.Size()));
                    break;
            }
            nodes[id] = node;
        }
    }

    private void Release(Node node, int id, int[] lastUse, Stack<int> free)
    {
        ReadOnlySpan<int> operands = [node.Key.A, node.Key.B, node.Key.C, node.Key.D];
        for (int i = 0; i < operands.Length; i++)
        {
            int o = operands[i];
            if (o < 0 || lastUse[o] != id || operands[..i].Contains(o)) continue;
            if (Slot.IsTemporary(nodes[o].Slot)) free.Push(nodes[o].Slot - Slot.Temporary);
        }
    }

    private bool SameSizes(Node node)
    {
        int size = node.Type.Size();
        foreach (int o in (ReadOnlySpan<int>)[node.Key.A, node.Key.B, node.Key.C, node.Key.D])
        {
            if (o >= 0 && nodes[o].Type.Size() != size) return false;
        }
        return true;
    }

    private TileInstruction Emit(Node node, TileSlots slots)
    {
        NodeKey key = node.Key;
        DType operand = nodes[key.A].Type;
        bool overRows = key.Reduce is not null || key.Expands;
        int flags = Moves(key.A, 1) | Moves(key.B, 2) | Moves(key.C, 4) | Moves(key.D, 8);
        return new TileInstruction
        {
            Loop = key.Pattern is { } pattern ? TileLoops.FindMerged(pattern, flags)
                : key.Reduce is { } reduce ? TileLoops.FindReduction(reduce, operand, rowLength > 0)
                : key.Expands ? TileLoops.Expansion(operand.Size())
                : TileLoops.Find(key.Op, key.Function, operand, node.Type),
            Target = Resolve(node.Slot, slots),
            A = Resolve(nodes[key.A].Slot, slots),
            B = key.B < 0 ? 0 : Resolve(nodes[key.B].Slot, slots),
            C = key.C < 0 ? 0 : Resolve(nodes[key.C].Slot, slots),
            D = key.D < 0 ? -1 : Resolve(nodes[key.D].Slot, slots),
            Flags = flags,
            Third = overRows ? (void*)rowLength : key.Op == ExprOp.Function ? TileFunctions.Address(key.Function, operand) : null,
            Extent = !overRows ? node.Extent : rowLength > 0 ? TileExtent.Rows : TileExtent.Tile,
            SpreadSize = node.Extent == TileExtent.Single && node.Slot >= Slot.Single ? node.Type.Size() : 0,
        };
    }

    private int Moves(int node, int flag) => ExtentOf(node) == TileExtent.Single ? 0 : flag;

    private static int Resolve(int slot, TileSlots slots) => slot switch
    {
        <= Slot.Output => slots.Inputs + Slot.Output - slot,
        >= Slot.Single => slots.FirstSingle + slot - Slot.Single,
        >= Slot.Temporary => slots.FirstTemporary + slot - Slot.Temporary,
        >= Slot.Constant => slots.FirstConstant + slot - Slot.Constant,
        >= Slot.Coordinate => slots.FirstCoordinate + slot - Slot.Coordinate,
        _ => slot - Slot.Input,
    };

    /// <summary>Slots before their final numbers are known: kinds in separate ranges.</summary>
    private static class Slot
    {
        public const int Output = -2;
        public const int Input = 0;
        public const int Coordinate = 1 << 26;
        public const int Constant = 2 << 26;
        public const int Temporary = 3 << 26;
        public const int Single = 4 << 26;

        public static bool IsTemporary(int slot) => slot is >= Temporary and < Single;
    }

    private readonly record struct NodeKey(ExprOp Op, DType Type, int Index, ulong Bits, ElementaryFunction Function, int A, int B, int C, ReduceOp? Reduce = null, bool Expands = false,
        int D = -1, TilePattern? Pattern = null);

    private struct Node
    {
        public NodeKey Key;
        public DType Type;
        public TileExtent Extent;
        public bool IsLeaf;
        public int Slot;
    }
}
