using System.Collections.Concurrent;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The kernels of ops that ran eagerly, by primitive and by element types, shapes and strides of the operands (not by their offsets). Bounded: when full it starts afresh.
/// </summary>
internal sealed class KernelCache
{
    private const int Capacity = 4096;

    private readonly LoopCache loops;
    private readonly ConcurrentDictionary<Key, CpuKernel> kernels;
    private readonly ConcurrentDictionary<Key, CpuKernel>.AlternateLookup<Query> lookup;

    /// <param name="loops">The emitted loops of the device.</param>
    public KernelCache(LoopCache loops)
    {
        this.loops = loops;
        kernels = new(new Comparer());
        lookup = kernels.GetAlternateLookup<Query>();
    }

    /// <summary>The kernel of an op on these operands. Looking up a known one allocates nothing.</summary>
    public CpuKernel Find(Primitive primitive, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var query = new Query(primitive, inputs, outputs);
        if (lookup.TryGetValue(query, out CpuKernel? kernel)) return kernel;
        kernel = Prepare(primitive, inputs, outputs);
        if (kernels.Count >= Capacity) kernels.Clear();
        lookup.TryAdd(query, kernel);
        return kernel;
    }

    private CpuKernel Prepare(Primitive primitive, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        TensorSpec[] from = new TensorSpec[inputs.Length], to = new TensorSpec[outputs.Length];
        for (int i = 0; i < from.Length; i++) from[i] = inputs[i].Spec;
        for (int i = 0; i < to.Length; i++) to[i] = outputs[i].Spec;
        return CpuKernels.Prepare(primitive.Name, primitive.Lower(from, to), Operands(inputs), Operands(outputs), loops);
    }

    private static Operand[] Operands(ReadOnlySpan<Tensor> tensors)
    {
        Operand[] operands = new Operand[tensors.Length];
        for (int i = 0; i < operands.Length; i++) operands[i] = new(i, tensors[i].DType, tensors[i].Layout);
        return operands;
    }

    private static bool Same(DType type, Layout a, DType otherType, Layout b) =>
        type == otherType && (ReferenceEquals(a, b) || (a.Shape == b.Shape && a.Strides.SequenceEqual(b.Strides)));

    private static int Hash(int hash, DType type, Layout layout)
    {
        hash = unchecked((hash * 31) + (int)type);
        foreach (int length in layout.Shape.Lengths) hash = unchecked((hash * 31) + length);
        foreach (int stride in layout.Strides) hash = unchecked((hash * 31) + stride);
        return hash;
    }

    private readonly ref struct Query(Primitive primitive, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        public readonly Primitive Primitive = primitive;
        public readonly ReadOnlySpan<Tensor> Inputs = inputs;
        public readonly ReadOnlySpan<Tensor> Outputs = outputs;
    }

    // Layouts only: a key must not keep the operands' memory alive.
    private sealed record Key(Primitive Primitive, Operand[] Inputs, Operand[] Outputs);

    private sealed class Comparer : IEqualityComparer<Key>, IAlternateEqualityComparer<Query, Key>
    {
        public bool Equals(Key? a, Key? b)
        {
            if (ReferenceEquals(a, b)) return true;
            return a is not null && b is not null && a.Primitive.Equals(b.Primitive) && Same(a.Inputs, b.Inputs) && Same(a.Outputs, b.Outputs);
        }

        public bool Equals(Query query, Key key) =>
            query.Primitive.Equals(key.Primitive) && Same(query.Inputs, key.Inputs) && Same(query.Outputs, key.Outputs);

        public int GetHashCode(Key key)
        {
            int hash = key.Primitive.GetHashCode();
            foreach (Operand operand in key.Inputs) hash = Hash(hash, operand.DType, operand.Layout);
            foreach (Operand operand in key.Outputs) hash = Hash(hash, operand.DType, operand.Layout);
            return hash;
        }

        public int GetHashCode(Query query)
        {
            int hash = query.Primitive.GetHashCode();
            foreach (Tensor tensor in query.Inputs) hash = Hash(hash, tensor.DType, tensor.Layout);
            foreach (Tensor tensor in query.Outputs) hash = Hash(hash, tensor.DType, tensor.Layout);
            return hash;
        }

        public Key Create(Query query) => new(query.Primitive, Operands(query.Inputs), Operands(query.Outputs));

        private static bool Same(Operand[] a, Operand[] b)
        {
            if (a.Length != b.Length) return false;
            for (int i = 0; i < a.Length; i++)
            {
                if (!KernelCache.Same(a[i].DType, a[i].Layout, b[i].DType, b[i].Layout)) return false;
            }
            return true;
        }

        private static bool Same(ReadOnlySpan<Tensor> a, Operand[] b)
        {
            if (a.Length != b.Length) return false;
            for (int i = 0; i < a.Length; i++)
            {
                if (!KernelCache.Same(a[i].DType, a[i].Layout, b[i].DType, b[i].Layout)) return false;
            }
            return true;
        }
    }
}
