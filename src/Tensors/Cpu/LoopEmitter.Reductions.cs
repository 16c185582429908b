using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Tensors.Cpu;

/// <content>Loops over rows. They reduce values over all elements in the order that reductions promise: element i goes to lane i mod 64.</content>
internal static unsafe partial class LoopEmitter
{
    private delegate void Combining<T>(T* lanes, T* target) where T : unmanaged;

    /// <summary>Combines 64 lanes in memory to one value.</summary>
    private static MethodInfo CombinationOf(ReduceOp op, LoopLane lane) => (op, lane) switch
    {
        (ReduceOp.Sum, LoopLane.F32) => ((Combining<float>)LaneRows<float, LaneSum<float>>.Combine).Method,
        (ReduceOp.Prod, LoopLane.F32) => ((Combining<float>)LaneRows<float, LaneProduct<float>>.Combine).Method,
        (ReduceOp.Max, LoopLane.F32) => ((Combining<float>)LaneRows<float, LaneMax<float>>.Combine).Method,
        (ReduceOp.Min, LoopLane.F32) => ((Combining<float>)LaneRows<float, LaneMin<float>>.Combine).Method,
        (ReduceOp.Sum, LoopLane.F64) => ((Combining<double>)LaneRows<double, LaneSum<double>>.Combine).Method,
        (ReduceOp.Prod, LoopLane.F64) => ((Combining<double>)LaneRows<double, LaneProduct<double>>.Combine).Method,
        (ReduceOp.Max, LoopLane.F64) => ((Combining<double>)LaneRows<double, LaneMax<double>>.Combine).Method,
        (ReduceOp.Min, LoopLane.F64) => ((Combining<double>)LaneRows<double, LaneMin<double>>.Combine).Method,
        _ => throw new InvalidOperationException($"loop emitter: no {op} of {lane}."),
    };

    private static LoopOp OperationOf(ReduceOp op) => op switch
    {
        ReduceOp.Sum => LoopOp.Add,
        ReduceOp.Prod => LoopOp.Mul,
        ReduceOp.Max => LoopOp.Max,
        _ => LoopOp.Min,
    };

    private static double IdentityOf(ReduceOp op) => op switch
    {
        ReduceOp.Sum => 0,
        ReduceOp.Prod => 1,
        ReduceOp.Max => double.NegativeInfinity,
        _ => double.PositiveInfinity,
    };

    private sealed partial class Writer
    {
        private const int ReducedLanes = ReductionTree.Lanes;

        private Reduced[] reduced = [];

        /// <summary>Writes one loop over a row.</summary>
        /// <remarks>
        /// With reductions, steps of 64 elements have their lanes in registers, while a body is small enough to be repeated as often. What is left, or everything, goes vector by vector to lanes in
        /// memory. The last vector reaches back over elements that were taken already: it is written to memory with neutral elements behind it and read again at a distance.
        /// </remarks>
        public void WriteOverRow()
        {
            Label rest = il.DefineLabel(), whole = il.DefineLabel(), done = il.DefineLabel(), end = il.DefineLabel();
            FindOperands();
            foreach ((int slot, Operand operand) in operands)
            {
                PushSlot(slot);
                il.Emit(OpCodes.Stloc, operand.Address);
            }
            SetNumber(index, 0);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Brfalse, end);
            reduced = [.. graph.Reductions.Select(Reserve)];

            bool steps = true;
            if (reduced.Length > 0)
            {
                copies = ReducedLanes / lanes;
                steps = LoopSize.FitsRepeated(size, copies);
                if (!steps) copies = 1;
            }
            values = new LocalBuilder?[graph.Nodes.Count * copies * 2];
            PushCountLess(Step);
            il.Emit(OpCodes.Stloc, limit);
            WriteInvariants();
            if (steps) WriteWholeSteps();
            LocalBuilder?[] repeated = values;
            int repeats = copies;
            copies = 1;
            values = new LocalBuilder?[graph.Nodes.Count * 2];
            for (int id = 0; id < uses.Length; id++)
            {
                if (graph.IsInvariant(id)) values[id * 2] = repeated[id * repeats * 2];
            }

            LocalBuilder next = il.DeclareLocal(typeof(nint)), shift = il.DeclareLocal(typeof(nint)), place = il.DeclareLocal(typeof(nint));
            PushCountLess(lanes);
            il.Emit(OpCodes.Stloc, limit);
            il.Emit(OpCodes.Ldloc, index);
            il.Emit(OpCodes.Stloc, next);

            il.MarkLabel(rest);
            il.Emit(OpCodes.Ldloc, next);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Bge, done);
            il.Emit(OpCodes.Ldloc, next);
            il.Emit(OpCodes.Stloc, index);
            il.Emit(OpCodes.Ldloc, index);
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Ble, whole);
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Stloc, index);
            il.MarkLabel(whole);
            il.Emit(OpCodes.Ldloc, next);
            il.Emit(OpCodes.Ldloc, index);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Stloc, shift);
            il.Emit(OpCodes.Ldloc, next);
            PushOffset(ReducedLanes - 1);
            il.Emit(OpCodes.And);
            il.Emit(OpCodes.Stloc, place);
            WriteCopy(0);
            foreach (Reduced r in reduced) AddInMemory(r, shift, place);
            il.Emit(OpCodes.Ldloc, next);
            PushOffset(lanes);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, next);
            il.Emit(OpCodes.Br, rest);

            il.MarkLabel(done);
            for (int i = 0; i < reduced.Length; i++)
            {
                il.Emit(OpCodes.Ldloc, reduced[i].Lanes);
                PushSlot(graph.Inputs + graph.Roots.Length + graph.Coordinates + i);
                il.Emit(OpCodes.Call, CombinationOf(reduced[i].Op, reduced[i].Lane));
            }
            il.MarkLabel(end);
            il.Emit(OpCodes.Ret);
        }

        /// <summary>Memory for the lanes of a reduction, which start from the identity, and for a vector with neutral elements behind it.</summary>
        private Reduced Reserve(LoopReduction reduction)
        {
            LoopLane lane = graph.Nodes[reduction.Node].Lane;
            int width = vectors.Bits / 8;
            var r = new Reduced(reduction.Op, reduction.Node, lane, lane == LoopLane.F64 ? 8 : 4, il.DeclareLocal(typeof(byte*)), il.DeclareLocal(typeof(byte*)));
            Allocate(r.Lanes, ReducedLanes * r.Size);
            Allocate(r.Last, 2 * lanes * r.Size);
            for (int at = 0; at < ReducedLanes * r.Size; at += width) StoreIdentity(r, r.Lanes, at);
            for (int at = 0; at < lanes * r.Size; at += width) StoreIdentity(r, r.Last, (lanes * r.Size) + at);
            return r;
        }

        private void WriteWholeSteps()
        {
            Label loop = il.DefineLabel();
            var sums = new LocalBuilder[reduced.Length][];
            for (int i = 0; i < reduced.Length; i++)
            {
                sums[i] = new LocalBuilder[copies * Parts(reduced[i].Lane)];
                for (int k = 0; k < sums[i].Length; k++)
                {
                    sums[i][k] = il.DeclareLocal(vectors.TypeOf(reduced[i].Lane));
                    PushIdentity(reduced[i]);
                    il.Emit(OpCodes.Stloc, sums[i][k]);
                }
            }
            il.MarkLabel(loop);
            for (int copy = 0; copy < copies; copy++)
            {
                WriteCopy(copy);
                for (int i = 0; i < reduced.Length; i++)
                {
                    int parts = Parts(reduced[i].Lane);
                    for (int part = 0; part < parts; part++)
                    {
                        LocalBuilder sum = sums[i][(copy * parts) + part];
                        il.Emit(OpCodes.Ldloc, sum);
                        Push(reduced[i].Node, copy, part);
                        il.Emit(OpCodes.Call, vectors.Of(OperationOf(reduced[i].Op), reduced[i].Lane));
                        il.Emit(OpCodes.Stloc, sum);
                    }
                }
            }
            il.Emit(OpCodes.Ldloc, index);
            PushOffset(Step);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, index);
            il.Emit(OpCodes.Ldloc, index);
            il.Emit(OpCodes.Ldloc, limit);
            il.Emit(OpCodes.Ble, loop);
            for (int i = 0; i < reduced.Length; i++)
            {
                for (int k = 0; k < sums[i].Length; k++)
                {
                    il.Emit(OpCodes.Ldloc, sums[i][k]);
                    il.Emit(OpCodes.Ldloc, reduced[i].Lanes);
                    PushOffset(k * vectors.Bits / 8);
                    il.Emit(OpCodes.Add);
                    il.Emit(OpCodes.Call, vectors.Store(reduced[i].Lane, reduced[i].Size));
                }
            }
        }

        /// <summary>The values of one copy of the body that are used more than once, and its outputs.</summary>
        private void WriteCopy(int copy)
        {
            for (int id = 0; id < uses.Length; id++)
            {
                LoopNode node = graph.Nodes[id];
                if (graph.IsInvariant(id) || uses[id] == 0 || (uses[id] == 1 && node.Op != LoopOp.Function)) continue;
                for (int part = 0; part < Parts(node.Lane); part++) Keep(id, copy, part);
            }
            for (int i = 0; i < graph.Roots.Length; i++)
            {
                LoopLane lane = graph.Nodes[graph.Roots[i]].Lane;
                for (int part = 0; part < Parts(lane); part++) WriteOutput(i, lane, copy, part);
            }
        }

        private void AddInMemory(Reduced r, LocalBuilder shift, LocalBuilder place)
        {
            int parts = Parts(r.Lane), width = vectors.Bits / 8;
            for (int part = 0; part < parts; part++)
            {
                Push(r.Node, 0, part);
                PushElement(r.Last, null, r.Size, part * width);
                il.Emit(OpCodes.Call, vectors.Store(r.Lane, r.Size));
            }
            for (int part = 0; part < parts; part++)
            {
                PushElement(r.Lanes, place, r.Size, part * width);
                il.Emit(OpCodes.Call, vectors.Load(r.Lane, r.Size));
                PushElement(r.Last, shift, r.Size, part * width);
                il.Emit(OpCodes.Call, vectors.Load(r.Lane, r.Size));
                il.Emit(OpCodes.Call, vectors.Of(OperationOf(r.Op), r.Lane));
                PushElement(r.Lanes, place, r.Size, part * width);
                il.Emit(OpCodes.Call, vectors.Store(r.Lane, r.Size));
            }
        }

        private void PushElement(LocalBuilder memory, LocalBuilder? element, int elementSize, int offset)
        {
            il.Emit(OpCodes.Ldloc, memory);
            if (element is not null)
            {
                il.Emit(OpCodes.Ldloc, element);
                Scale(elementSize);
                il.Emit(OpCodes.Add);
            }
            if (offset == 0) return;
            PushOffset(offset);
            il.Emit(OpCodes.Add);
        }

        private void StoreIdentity(Reduced r, LocalBuilder memory, int offset)
        {
            PushIdentity(r);
            PushElement(memory, null, r.Size, offset);
            il.Emit(OpCodes.Call, vectors.Store(r.Lane, r.Size));
        }

        private void PushIdentity(Reduced r)
        {
            double identity = IdentityOf(r.Op);
            PushNumber(r.Lane, r.Lane == LoopLane.F64 ? BitConverter.DoubleToUInt64Bits(identity) : BitConverter.SingleToUInt32Bits((float)identity));
            il.Emit(OpCodes.Call, vectors.Create(r.Lane));
        }

        private void Allocate(LocalBuilder memory, int bytes)
        {
            il.Emit(OpCodes.Ldc_I4, bytes);
            il.Emit(OpCodes.Conv_U);
            il.Emit(OpCodes.Localloc);
            il.Emit(OpCodes.Stloc, memory);
        }

        private void PushCountLess(int elements)
        {
            il.Emit(OpCodes.Ldarg_2);
            PushOffset(elements);
            il.Emit(OpCodes.Sub);
        }

        private void PushOffset(int number)
        {
            il.Emit(OpCodes.Ldc_I4, number);
            il.Emit(OpCodes.Conv_I);
        }

        /// <summary>What is reduced.</summary>
        /// <param name="Op">How.</param>
        /// <param name="Node">The value.</param>
        /// <param name="Lane">Its lanes.</param>
        /// <param name="Size">Bytes of an element.</param>
        /// <param name="Lanes">The lanes in memory.</param>
        /// <param name="Last">The elements of a vector, then as many neutral ones.</param>
        private sealed record Reduced(ReduceOp Op, int Node, LoopLane Lane, int Size, LocalBuilder Lanes, LocalBuilder Last);
    }
}
