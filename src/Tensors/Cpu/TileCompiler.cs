namespace Engine.Tensors.Cpu;

/// <summary>Turns expressions into tile instructions: equal subexpressions once, operands before users, slots reused after their last reader.</summary>
internal sealed unsafe class TileCompiler
{
    private readonly TileSource[] inputs;
    private readonly Dictionary<Expr, int> byReference = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<NodeKey, int> byValue = [];
    private readonly List<Node> nodes = [];
    private readonly List<int> coordinates = [];
    private readonly List<(ulong Bits, int Size)> constants = [];
    private readonly bool[] used;
    private readonly int outputs;
    private readonly List<int> stages = [];
    private int temporaries;
    private int singles;
    private int elementSize = 1;

    public TileCompiler(ReadOnlySpan<TileSource> inputs, int outputs)
    {
        this.inputs = inputs.ToArray();
        this.outputs = outputs;
        used = new bool[inputs.Length];
    }

    /// <summary>Adds a reduction of the whole tile. Expressions that come later see its value as the next input.</summary>
    public void AddStage(RowStage stage)
    {
        Visit(stage.Body);
        int operand = byReference[stage.Body];
        // One value for all elements still has to be reduced as often as there are elements.
        if (nodes[operand].IsScalar) operand = Copy(operand, single: false);
        stages.Add(Add(new NodeKey(default, stage.Body.Type, 0, 0, default, operand, -1, -1, stage.Op), stage.Body.Type));
    }

    /// <summary>The instructions. Every output is written by one of them.</summary>
    /// <param name="bodies">An expression per output.</param>
    /// <param name="perTile">Which outputs are one value for the tile; none when empty.</param>
    public TileInstruction[] Compile(ReadOnlySpan<Expr> bodies, ReadOnlySpan<bool> perTile = default)
    {
        int[] roots = new int[bodies.Length];
        foreach (Expr body in bodies) Visit(body);
        for (int i = 0; i < roots.Length; i++)
        {
            roots[i] = byReference[bodies[i]];
            bool single = !perTile.IsEmpty && perTile[i];
            // A value that is not computed for an output alone, or not once for every element of it, is copied there.
            if (single || nodes[roots[i]].IsLeaf || nodes[roots[i]].IsScalar || roots.AsSpan(0, i).Contains(roots[i])) roots[i] = Copy(roots[i], single);
        }
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

    private int Copy(int node, bool single) => Add(new NodeKey(ExprOp.Cast, nodes[node].Type, 0, 0, default, node, -1, -1), nodes[node].Type, single);

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
            int wide = Intern(e, DType.F32, Widen(a), b < 0 ? -1 : Widen(b), c < 0 ? -1 : Widen(c));
            return e.Type.IsHalfWidth() ? Add(new NodeKey(ExprOp.Cast, e.Type, 0, 0, default, wide, -1, -1), e.Type) : wide;
        }
        return Intern(e, e.Type, a, b, c);
    }

    private int Widen(int node) =>
        nodes[node].Type.IsHalfWidth() ? Add(new NodeKey(ExprOp.Cast, DType.F32, 0, 0, default, node, -1, -1), DType.F32) : node;

    private int Intern(Expr e, DType type, int a, int b, int c)
    {
        if (e.Type == DType.Bool) type = DType.Bool;
        return Add(new NodeKey(e.Op, type, e.Index, e.Bits, e.Function, a, b, c), type);
    }

    private int Add(NodeKey key, DType type, bool? scalar = null)
    {
        if (scalar is null && byValue.TryGetValue(key, out int known)) return known;
        bool single = scalar ?? key.Op switch
        {
            _ when key.Reduce is not null => true,
            ExprOp.Input => inputs[key.Index] == TileSource.Scalar,
            ExprOp.Constant => true,
            ExprOp.Coordinate => false,
            _ => IsScalar(key.A) && IsScalar(key.B) && IsScalar(key.C),
        };
        nodes.Add(new Node { Key = key, Type = type, IsScalar = single, IsLeaf = key.A < 0, Slot = -1 });
        int id = nodes.Count - 1;
        if (scalar is null) byValue[key] = id;
        return id;
    }

    private bool IsScalar(int node) => node < 0 || nodes[node].IsScalar;

    /// <summary>Gives every node a slot and emits the instructions. Nodes are already in an order in which operands come first.</summary>
    private TileInstruction[] Schedule(int[] roots)
    {
        bool[] needed = new bool[nodes.Count];
        int[] lastUse = new int[nodes.Count];
        foreach (int root in roots) needed[root] = true;
        for (int id = nodes.Count - 1; id >= 0; id--)
        {
            if (!needed[id]) continue;
            foreach (int operand in (ReadOnlySpan<int>)[nodes[id].Key.A, nodes[id].Key.B, nodes[id].Key.C])
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
            bool inPlace = TileLoops.MayOverwriteOperands(node.Key.Op) && SameSizes(node);
            if (inPlace) Release(node, id, lastUse, free);
            if (output >= 0) node.Slot = Slot.Output - output;
            else if (node.IsScalar) node.Slot = Slot.Single + singles++;
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
        ReadOnlySpan<int> operands = [node.Key.A, node.Key.B, node.Key.C];
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
        foreach (int o in (ReadOnlySpan<int>)[node.Key.A, node.Key.B, node.Key.C])
        {
            if (o >= 0 && nodes[o].Type.Size() != size) return false;
        }
        return true;
    }

    private TileInstruction Emit(Node node, TileSlots slots)
    {
        NodeKey key = node.Key;
        DType operand = nodes[key.A].Type;
        int flags = (nodes[key.A].IsScalar ? 0 : 1) | (IsScalar(key.B) ? 0 : 2) | (IsScalar(key.C) ? 0 : 4);
        return new TileInstruction
        {
            Loop = key.Reduce is { } reduce ? TileLoops.FindReduction(reduce, operand) : TileLoops.Find(key.Op, key.Function, operand, node.Type),
            Target = Resolve(node.Slot, slots),
            A = Resolve(nodes[key.A].Slot, slots),
            B = key.B < 0 ? 0 : Resolve(nodes[key.B].Slot, slots),
            C = key.C < 0 ? 0 : Resolve(nodes[key.C].Slot, slots),
            Flags = flags,
            Function = key.Reduce is null && key.Op == ExprOp.Function ? TileFunctions.Address(key.Function, operand) : null,
            IsSingle = node.IsScalar && key.Reduce is null,
            SpreadSize = node.IsScalar && node.Slot >= Slot.Single ? node.Type.Size() : 0,
        };
    }

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

    private readonly record struct NodeKey(ExprOp Op, DType Type, int Index, ulong Bits, ElementaryFunction Function, int A, int B, int C, ReduceOp? Reduce = null);

    private struct Node
    {
        public NodeKey Key;
        public DType Type;
        public bool IsScalar;
        public bool IsLeaf;
        public int Slot;
    }
}
