using System.Reflection.Emit;

namespace Engine.Tensors.Cpu;

/// <content>The values of a loop: those used once stay on the evaluation stack, the others have a local.</content>
internal static unsafe partial class LoopEmitter
{
    private sealed partial class Writer
    {
        private int[] CountUses()
        {
            int[] uses = new int[graph.Nodes.Count];
            foreach (int root in graph.Roots) uses[root]++;
            foreach (LoopReduction reduction in graph.Reductions) uses[reduction.Node]++;
            for (int id = uses.Length - 1; id >= 0; id--)
            {
                if (uses[id] == 0) continue;
                LoopNode node = graph.Nodes[id];
                foreach (int operand in (ReadOnlySpan<int>)[node.A, node.B, node.C])
                {
                    // Both halves of a widened vector come from it.
                    if (operand >= 0) uses[operand] += node.Op == LoopOp.Widen ? 2 : 1;
                }
            }
            return uses;
        }

        private void WriteInvariants()
        {
            for (int id = 0; id < uses.Length; id++)
            {
                if (uses[id] > 0 && graph.IsInvariant(id)) Keep(id, 0, 0);
            }
        }

        private void WriteBody()
        {
            // With several outputs, the first would otherwise be written before the last one's inputs are read.
            bool readFirst = graph.Roots.Length > 1;
            for (int id = 0; id < uses.Length; id++)
            {
                LoopNode node = graph.Nodes[id];
                if (uses[id] == 0 || graph.IsInvariant(id)) continue;
                if (uses[id] == 1 && node.Op != LoopOp.Function && !(readFirst && node.Op == LoopOp.Load)) continue;
                for (int copy = 0; copy < copies; copy++)
                {
                    for (int part = 0; part < Parts(node.Lane); part++) Keep(id, copy, part);
                }
            }
            for (int i = 0; i < graph.Roots.Length; i++)
            {
                LoopLane lane = graph.Nodes[graph.Roots[i]].Lane;
                for (int copy = 0; copy < copies; copy++)
                {
                    for (int part = 0; part < Parts(lane); part++) WriteOutput(i, lane, copy, part);
                }
            }
        }

        private void WriteOutput(int output, LoopLane lane, int copy, int part)
        {
            int size = graph.Types[output].Size();
            Push(graph.Roots[output], copy, part);
            if (graph.Types[output] == DType.Bool)
            {
                PushNumber(lane, 1);
                il.Emit(OpCodes.Call, vectors.Create(lane));
                il.Emit(OpCodes.Call, vectors.Of(LoopOp.And, lane));
            }
            PushAddress(graph.Inputs + output, size, lane, copy, part);
            il.Emit(OpCodes.Call, vectors.Store(lane, size));
        }

        /// <summary>Vectors that hold one copy of a value.</summary>
        private int Parts(LoopLane lane) => lane is LoopLane.F64 or LoopLane.I64 ? 64 / graph.LaneBits : 1;

        private void Keep(int id, int copy, int part)
        {
            Compute(id, copy, part);
            LocalBuilder local = values[Place(id, copy, part)] = il.DeclareLocal(vectors.TypeOf(graph.Nodes[id].Lane));
            il.Emit(OpCodes.Stloc, local);
        }

        private int Place(int id, int copy, int part) => graph.IsInvariant(id) ? id * copies * 2 : (((id * copies) + copy) * 2) + part;

        private void Push(int id, int copy, int part)
        {
            if (values[Place(id, copy, part)] is { } local) il.Emit(OpCodes.Ldloc, local);
            else Compute(id, copy, part);
        }

        private void Compute(int id, int copy, int part)
        {
            LoopNode node = graph.Nodes[id];
            switch (node.Op)
            {
                case LoopOp.Load:
                    PushAddress(node.Index, (int)node.Bits, node.Lane, copy, part);
                    il.Emit(OpCodes.Call, vectors.Load(node.Lane, (int)node.Bits));
                    return;
                case LoopOp.Scalar:
                    PushScalar(node);
                    il.Emit(OpCodes.Call, vectors.Create(node.Lane));
                    return;
                case LoopOp.Constant:
                    PushNumber(node.Lane, node.Bits);
                    il.Emit(OpCodes.Call, vectors.Create(node.Lane));
                    return;
                case LoopOp.Function:
                    Push(node.A, copy, part);
                    if (node.B >= 0) Push(node.B, copy, part);
                    il.Emit(OpCodes.Call, vectors.Function(node.Function, node.Lane));
                    return;
                case LoopOp.Equal or LoopOp.Less or LoopOp.LessEqual:
                    LoopLane compared = graph.Nodes[node.A].Lane;
                    Push(node.A, copy, part);
                    Push(node.B, copy, part);
                    il.Emit(OpCodes.Call, vectors.Of(node.Op, compared));
                    if (compared != node.Lane) il.Emit(OpCodes.Call, vectors.Of(LoopOp.Reinterpret, node.Lane));
                    return;
                case LoopOp.Select:
                    Push(node.A, copy, part);
                    if (graph.Nodes[node.A].Lane != node.Lane) il.Emit(OpCodes.Call, vectors.Of(LoopOp.Reinterpret, node.Lane));
                    Push(node.B, copy, part);
                    Push(node.C, copy, part);
                    break;
                case LoopOp.Widen:
                    Push(node.A, copy, 0);
                    il.Emit(OpCodes.Call, part == 0 ? vectors.Of(LoopOp.Widen, node.Lane) : vectors.WidenUpper(node.Lane));
                    return;
                case LoopOp.Narrow:
                    Push(node.A, copy, 0);
                    Push(node.A, copy, 1);
                    break;
                case LoopOp.ShiftLeft or LoopOp.ShiftRight or LoopOp.ShiftRightUnsigned:
                    Push(node.A, copy, part);
                    il.Emit(OpCodes.Ldc_I4, node.Index);
                    break;
                default:
                    Push(node.A, copy, part);
                    if (node.B >= 0) Push(node.B, copy, part);
                    if (node.C >= 0) Push(node.C, copy, part);
                    break;
            }
            il.Emit(OpCodes.Call, vectors.Of(node.Op, node.Lane));
        }

        private void PushAddress(int slot, int size, LoopLane lane, int copy, int part)
        {
            il.Emit(OpCodes.Ldloc, operands[slot].Address);
            il.Emit(OpCodes.Ldloc, index);
            Scale(size);
            il.Emit(OpCodes.Add);
            int offset = ((copy * lanes) + (part * (lanes / Parts(lane)))) * size;
            if (offset == 0) return;
            il.Emit(OpCodes.Ldc_I4, offset);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Add);
        }

        private void PushScalar(LoopNode node)
        {
            PushSlot(node.Index);
            switch (node.Bits)
            {
                case 1: il.Emit(OpCodes.Ldind_U1); break;
                case 2: il.Emit(OpCodes.Ldind_U2); break;
                default: il.Emit(node.Lane switch { LoopLane.F32 => OpCodes.Ldind_R4, LoopLane.F64 => OpCodes.Ldind_R8, LoopLane.I64 => OpCodes.Ldind_I8, _ => OpCodes.Ldind_I4 }); break;
            }
            if (node.Lane == LoopLane.I64 && node.Bits == 1) il.Emit(OpCodes.Conv_U8);
        }

        private void PushNumber(LoopLane lane, ulong bits)
        {
            switch (lane)
            {
                case LoopLane.F32: il.Emit(OpCodes.Ldc_R4, BitConverter.UInt32BitsToSingle((uint)bits)); break;
                case LoopLane.F64: il.Emit(OpCodes.Ldc_R8, BitConverter.UInt64BitsToDouble(bits)); break;
                case LoopLane.I64: il.Emit(OpCodes.Ldc_I8, unchecked((long)bits)); break;
                default: il.Emit(OpCodes.Ldc_I4, unchecked((int)bits)); break;
            }
        }
    }
}
