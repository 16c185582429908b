using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Computes elements of some outputs from contiguous inputs and single values.</summary>
/// <param name="context">Not used: a delegate with a first argument of its own is called without a detour.</param>
/// <param name="slots">Addresses: the inputs, then the outputs, then the coordinates, then the values of reductions.</param>
/// <param name="count">Elements; over a row from 64 to a chunk of reductions, or 0.</param>
internal unsafe delegate void EmittedLoop(object? context, byte** slots, nint count);

/// <summary>
/// Writes fused loops over vectors as code for the just-in-time compiler: every value of the expressions lives in a register, and memory is touched only for inputs and outputs.
/// The one place in the engine that emits code. The loops over tiles are its oracle and give the same bits.
/// </summary>
/// <remarks>
/// A step takes one or two vectors of elements. What is left at the end is done by the same code, so that the body exists once: by a step over the last elements, some of them for the
/// second time, or, where an output may be an input's memory or there is less than a step in all, through scratch memory. Nothing outside the operands is touched. All inputs of
/// a step are read before an output is written.
/// </remarks>
internal static unsafe partial class LoopEmitter
{
    /// <summary>A loop for some outputs, or null when the loops over tiles serve better or code cannot be emitted here.</summary>
    /// <param name="bodies">One expression per output.</param>
    /// <param name="inputs">How the inputs come; gathered ones are contiguous too.</param>
    /// <param name="coordinates">The axes of the coordinate slots.</param>
    /// <param name="overRow">Whether every call is for 64 elements or more, with outputs that share no memory with inputs.</param>
    /// <param name="reductions">What is reduced over all elements of a row.</param>
    /// <param name="width">Bits of a vector; <see cref="SimdWidth.Elementwise"/> if omitted.</param>
    public static EmittedLoop? TryEmit(
        ReadOnlySpan<Expr> bodies, ReadOnlySpan<TileSource> inputs, ReadOnlySpan<int> coordinates, bool overRow = false, ReadOnlySpan<RowStage> reductions = default, int? width = null) =>
        LoopGraph.TryBuild(bodies, inputs, coordinates, overRow, reductions) is { } graph ? TryEmit(graph, width) : null;

    /// <summary>The loop of some steps, or null as above.</summary>
    public static EmittedLoop? TryEmit(LoopGraph graph, int? width = null)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported) return null;
        int size = LoopSize.Of(graph);
        if (size > LoopSize.Most) return null;
        var method = new DynamicMethod("Fused", typeof(void), [typeof(object), typeof(byte**), typeof(nint)], typeof(LoopEmitter).Module, skipVisibility: true) { InitLocals = false };
        var writer = new Writer(method.GetILGenerator(), graph, VectorsOf(width ?? SimdWidth.Elementwise), size);
        if (graph.IsOverRow) writer.WriteOverRow();
        else writer.Write();
        var loop = method.CreateDelegate<EmittedLoop>(null);
        // The first call compiles it, with full optimization at once.
        byte** slots = stackalloc byte*[graph.Inputs + graph.Roots.Length + graph.Coordinates + graph.Reductions.Length];
        loop(null, slots, 0);
        return loop;
    }

    /// <summary>Whether an output may share memory with an input, when none is longer than some bytes.</summary>
    private static bool Overlap(byte** slots, int inputs, int outputs, nint bytes)
    {
        for (int o = inputs; o < inputs + outputs; o++)
        {
            for (int i = 0; i < inputs; i++)
            {
                if (Math.Abs(slots[o] - slots[i]) < bytes) return true;
            }
        }
        return false;
    }

    private delegate bool Overlapping(byte** slots, int inputs, int outputs, nint bytes);

    /// <summary>Writes one loop.</summary>
    private sealed partial class Writer
    {
        private readonly ILGenerator il;
        private readonly LoopGraph graph;
        private readonly Vectors vectors;
        private readonly int size;

        /// <summary>Elements of one copy of the body.</summary>
        private readonly int lanes;
        private readonly int[] uses;
        private int copies;
        private LocalBuilder?[] values;
        private readonly SortedDictionary<int, Operand> operands = [];
        private readonly LocalBuilder index;
        private readonly LocalBuilder limit;
        private readonly LocalBuilder left;

        public Writer(ILGenerator il, LoopGraph graph, Vectors vectors, int size)
        {
            this.il = il;
            this.graph = graph;
            this.vectors = vectors;
            this.size = size;
            copies = LoopSize.Copies(size, graph.Roots.Length);
            lanes = vectors.Bits / graph.LaneBits;
            uses = CountUses();
            values = new LocalBuilder?[graph.Nodes.Count * copies * 2];
            index = il.DeclareLocal(typeof(nint));
            limit = il.DeclareLocal(typeof(nint));
            left = il.DeclareLocal(typeof(nint));
        }

        private int Step => lanes * copies;

        public void Write()
        {
            Label start = il.DefineLabel(), loop = il.DefineLabel(), after = il.DefineLabel(), finish = il.DefineLabel(), end = il.DefineLabel();
            FindOperands();
            foreach ((int slot, Operand operand) in operands)
            {
                PushSlot(slot);
                il.Emit(OpCodes.Stloc, operand.Address);
            }
            SetNumber(index, 0);
            SetNumber(left, 0);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Ldc_I4, Step);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Stloc, limit);
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Blt, after);

            // The invariants are computed afresh for the rest: copying calls a function, across which no vector register is kept.
            il.MarkLabel(start);
            WriteInvariants();
            il.MarkLabel(loop);
            WriteBody();
            il.Emit(OpCodes.Ldloc, index);
            il.Emit(OpCodes.Ldc_I4, Step);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, index);
            il.Emit(OpCodes.Ldloc, index);
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Ble, loop);

            il.MarkLabel(after);
            il.Emit(OpCodes.Ldloc, left);
            il.Emit(OpCodes.Brtrue, finish);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Ldloc, index);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Stloc, left);
            il.Emit(OpCodes.Ldloc, left);
            il.Emit(OpCodes.Brfalse, end);
            Label scratch = il.DefineLabel();
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Blt, scratch);
            PushOverlap();
            il.Emit(OpCodes.Brtrue, scratch);
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Stloc, index);
            il.Emit(OpCodes.Br, start);

            il.MarkLabel(scratch);
            foreach ((int slot, Operand operand) in operands) MoveToScratch(operand, IsOutput(slot));
            SetNumber(index, 0);
            SetNumber(limit, 0);
            il.Emit(OpCodes.Br, start);

            // After the step over the last elements nothing is in scratch memory.
            il.MarkLabel(finish);
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Brtrue, end);
            foreach ((int slot, Operand operand) in operands)
            {
                if (IsOutput(slot)) Copy(operand.Origin!, operand.Address, operand.Size);
            }
            il.MarkLabel(end);
            il.Emit(OpCodes.Ret);
        }

        private bool IsOutput(int slot) => slot >= graph.Inputs && slot < graph.Inputs + graph.Roots.Length;

        private void FindOperands()
        {
            for (int id = 0; id < uses.Length; id++)
            {
                LoopNode node = graph.Nodes[id];
                if (node.Op == LoopOp.Load && uses[id] > 0) operands[node.Index] = new(il.DeclareLocal(typeof(byte*)), null, (int)node.Bits);
            }
            for (int i = 0; i < graph.Roots.Length; i++)
                operands[graph.Inputs + i] = new(il.DeclareLocal(typeof(byte*)), il.DeclareLocal(typeof(byte*)), graph.Types[i].Size());
        }

        /// <summary>Points an operand at scratch memory of one step, which for an input gets the elements that are left.</summary>
        private void MoveToScratch(Operand operand, bool output)
        {
            LocalBuilder origin = operand.Origin ?? il.DeclareLocal(typeof(byte*));
            il.Emit(OpCodes.Ldloc, operand.Address);
            il.Emit(OpCodes.Ldloc, index);
            Scale(operand.Size);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, origin);
            il.Emit(OpCodes.Ldc_I4, Step * operand.Size);
            il.Emit(OpCodes.Conv_U);
            il.Emit(OpCodes.Localloc);
            il.Emit(OpCodes.Stloc, operand.Address);
            if (!output) Copy(operand.Address, origin, operand.Size);
        }

        private void PushOverlap()
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, graph.Inputs);
            il.Emit(OpCodes.Ldc_I4, graph.Roots.Length);
            il.Emit(OpCodes.Ldarg_2);
            Scale(operands.Values.Max(o => o.Size));
            il.Emit(OpCodes.Call, ((Overlapping)Overlap).Method);
        }

        private void Copy(LocalBuilder target, LocalBuilder source, int size)
        {
            il.Emit(OpCodes.Ldloc, target);
            il.Emit(OpCodes.Ldloc, source);
            il.Emit(OpCodes.Ldloc, left);
            Scale(size);
            il.Emit(OpCodes.Conv_U4);
            il.Emit(OpCodes.Unaligned, (byte)1);
            il.Emit(OpCodes.Cpblk);
        }

        private void Scale(int size)
        {
            if (size == 1) return;
            il.Emit(OpCodes.Ldc_I4, size);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Mul);
        }

        private void SetNumber(LocalBuilder local, int value)
        {
            il.Emit(OpCodes.Ldc_I4, value);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Stloc, local);
        }

        private void PushSlot(int slot)
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, slot * sizeof(byte*));
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Ldind_I);
        }

        /// <summary>A slot that moves along.</summary>
        /// <param name="Address">Its first element, then its scratch memory.</param>
        /// <param name="Origin">Where the last elements of an output belong.</param>
        /// <param name="Size">Bytes of an element.</param>
        private sealed record Operand(LocalBuilder Address, LocalBuilder? Origin, int Size);
    }
}
