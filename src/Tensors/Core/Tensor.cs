using System.Runtime.InteropServices;

namespace Engine.Tensors;

/// <summary>
/// An immutable n-dimensional array: element type, shape, and either values in a storage or a place in a trace.
/// Element type and device are run-time values. Safe to share between threads.
/// </summary>
public sealed partial class Tensor : ITree<Tensor>
{
    private readonly Storage? storage;
    private readonly Layout? layout;

    /// <summary>A symbolic tensor: output <paramref name="outputIndex"/> of a node.</summary>
    internal Tensor(TensorSpec spec, Node node, int outputIndex)
    {
        Spec = spec;
        Node = node;
        OutputIndex = outputIndex;
    }

    /// <summary>A concrete tensor: a view of a storage.</summary>
    /// <param name="storage">The memory; the element type is its own.</param>
    /// <param name="layout">Where the elements lie; it gives the shape.</param>
    /// <param name="device">The device that runs ops on it; null for a literal that goes wherever the other operands are.</param>
    internal Tensor(Storage storage, Layout layout, Device? device)
    {
        Spec = new(storage.DType, layout.Shape);
        this.storage = storage;
        this.layout = layout;
        PreferredDevice = device;
    }

    /// <summary>Element type and shape.</summary>
    public TensorSpec Spec { get; }

    /// <summary>Element type.</summary>
    public DType DType => Spec.DType;

    /// <summary>Axis lengths.</summary>
    public Shape Shape => Spec.Shape;

    /// <summary>Number of axes.</summary>
    public int Rank => Spec.Shape.Rank;

    /// <summary>Number of elements.</summary>
    public int Count => Spec.Shape.Count;

    /// <summary>True for a tensor of a trace, which has a place in a graph instead of a storage.</summary>
    public bool IsSymbolic => Node is not null;

    /// <summary>The node of a symbolic tensor; null for a concrete one.</summary>
    public Node? Node { get; }

    /// <summary>Which result of <see cref="Node"/> this is.</summary>
    public int OutputIndex { get; }

    /// <summary>The device that runs ops on this tensor. Literals, which go wherever the other operands are, report the default CPU.</summary>
    public Device Device => PreferredDevice ?? Device.Cpu;

    /// <summary>The device asked for when the tensor was made; null for literals and symbolic tensors.</summary>
    internal Device? PreferredDevice { get; }

    /// <summary>Memory of a concrete tensor.</summary>
    internal Storage Storage => storage ?? throw new TraceException("tensor: a symbolic tensor has no storage.");

    /// <summary>Layout of a concrete tensor.</summary>
    internal Layout Layout => layout ?? throw new TraceException("tensor: a symbolic tensor has no layout.");

    /// <inheritdoc/>
    int ITree<Tensor>.LeafCount => 1;

    /// <inheritdoc/>
    object ITree<Tensor>.StructureKey => typeof(Tensor);

    /// <summary>A tensor of the values, copied, in row-major order.</summary>
    /// <param name="values">The values.</param>
    /// <param name="shape">The shape; its count must be the number of values.</param>
    /// <param name="device">Where it lives; the default CPU when omitted.</param>
    /// <exception cref="ShapeException">The shape holds another number of elements.</exception>
    public static Tensor Of<T>(ReadOnlySpan<T> values, Shape shape, Device? device = null) where T : unmanaged
    {
        if (shape.Count != values.Length)
            throw new ShapeException($"tensor: {values.Length} values do not fill {shape}, which holds {shape.Count}.");
        Storage memory = (device ?? Device.Cpu).Allocate(DTypes.Of<T>(), values.Length);
        memory.CopyFrom(0, MemoryMarshal.AsBytes(values));
        return new(memory, Layout.Contiguous(shape), device ?? Device.Cpu);
    }

    /// <summary>A vector of the values, copied.</summary>
    public static Tensor Of<T>(T[] values, Device? device = null) where T : unmanaged => Of<T>(values, [values.Length], device);

    /// <summary>A tensor of the values in a given shape, copied.</summary>
    public static Tensor Of<T>(T[] values, Shape shape, Device? device = null) where T : unmanaged => Of((ReadOnlySpan<T>)values, shape, device);

    /// <summary>A matrix of the values, copied.</summary>
    public static Tensor Of<T>(T[,] values, Device? device = null) where T : unmanaged =>
        Of(Flat<T>(values), [values.GetLength(0), values.GetLength(1)], device);

    /// <summary>A rank-3 tensor of the values, copied.</summary>
    public static Tensor Of<T>(T[,,] values, Device? device = null) where T : unmanaged =>
        Of(Flat<T>(values), [values.GetLength(0), values.GetLength(1), values.GetLength(2)], device);

    /// <summary>A rank-4 tensor of the values, copied.</summary>
    public static Tensor Of<T>(T[,,,] values, Device? device = null) where T : unmanaged =>
        Of(Flat<T>(values), [values.GetLength(0), values.GetLength(1), values.GetLength(2), values.GetLength(3)], device);

    /// <summary>A matrix of rows, copied.</summary>
    /// <exception cref="ShapeException">The rows differ in length.</exception>
    public static Tensor Of<T>(T[][] rows, Device? device = null) where T : unmanaged
    {
        int columns = rows.Length == 0 ? 0 : rows[0].Length;
        T[] flat = new T[rows.Length * columns];
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i].Length != columns)
                throw new ShapeException($"tensor: row {i} has {rows[i].Length} values, row 0 has {columns}. All rows must have the same length.");
            rows[i].CopyTo(flat, i * columns);
        }
        return Of(flat, [rows.Length, columns], device);
    }

    /// <summary>A tensor over the caller's array, without a copy: row-major, and the array must not be written afterwards.</summary>
    /// <exception cref="ShapeException">The shape holds another number of elements.</exception>
    public static Tensor Wrap<T>(T[] values, Shape shape) where T : unmanaged
    {
        if (shape.Count != values.Length)
            throw new ShapeException($"tensor: {values.Length} values do not fill {shape}, which holds {shape.Count}.");
        return new(new HostStorage(DTypes.Of<T>(), values), Layout.Contiguous(shape), Device.Cpu);
    }

    /// <summary>A scalar of an element type.</summary>
    /// <exception cref="DTypeException">The type cannot hold the value.</exception>
    public static Tensor Scalar(double value, DType dtype = DType.F32) => Full(value, Shape.Scalar, dtype);

    /// <summary>A tensor with the same value everywhere. One element is stored.</summary>
    /// <exception cref="DTypeException">The type cannot hold the value.</exception>
    public static Tensor Full(double value, Shape shape, DType dtype = DType.F32)
    {
        var one = new HostStorage(dtype, Scalars.ToArray(Scalars.ToBits(value, dtype), dtype));
        return new(one, new Layout(shape, new int[shape.Rank]), null);
    }

    /// <summary>Zeros.</summary>
    public static Tensor Zeros(Shape shape, DType dtype = DType.F32) => Full(0, shape, dtype);

    /// <summary>Ones.</summary>
    public static Tensor Ones(Shape shape, DType dtype = DType.F32) => Full(1, shape, dtype);

    /// <summary>
    /// The same values on another device. Between devices that share memory, such as two CPU devices, nothing is copied: ops on the result run on the new one.
    /// </summary>
    /// <exception cref="TraceException">The tensor is symbolic.</exception>
    public Tensor To(Device device)
    {
        if (Node is not null) throw new TraceException($"to: {Spec} inside {Node.Trace.Name} has no memory to move. Move the arguments of the function instead.");
        if (ReferenceEquals(PreferredDevice, device)) return this;
        if (device.MemorySpace.Equals(Device.MemorySpace)) return new(Storage, Layout, device);
        byte[] bytes = new byte[Count * DType.Size()];
        Tensor source = Layout.IsContiguous ? this : CopyOp.Instance.Apply(this);
        source.Storage.CopyTo(source.Layout.Offset, bytes);
        Storage memory = device.Allocate(DType, Count);
        memory.CopyFrom(0, bytes);
        return new(memory, Layout.Contiguous(Shape), device);
    }

    /// <summary>The one element of a tensor.</summary>
    /// <exception cref="ShapeException">The tensor does not hold exactly one element.</exception>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is not the element type's C# counterpart.</exception>
    /// <exception cref="TraceException">The tensor is symbolic and its trace has no values.</exception>
    public T ToScalar<T>() where T : unmanaged
    {
        if (Count != 1) throw new ShapeException($"toScalar: the tensor must hold one element, got {Spec}. Reduce it or index one element.");
        Span<T> one = stackalloc T[1];
        Read(one, "toScalar");
        return one[0];
    }

    /// <summary>The elements in row-major order, as a new array.</summary>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is not the element type's C# counterpart.</exception>
    /// <exception cref="TraceException">The tensor is symbolic and its trace has no values.</exception>
    public T[] ToArray<T>() where T : unmanaged
    {
        T[] values = new T[Count];
        Read<T>(values, "toArray");
        return values;
    }

    /// <summary>Writes the elements in row-major order.</summary>
    /// <exception cref="ShapeException">The span has another length than the tensor.</exception>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is not the element type's C# counterpart.</exception>
    /// <exception cref="TraceException">The tensor is symbolic and its trace has no values.</exception>
    public void CopyTo<T>(Span<T> destination) where T : unmanaged => Read(destination, "copyTo");

    /// <inheritdoc/>
    void ITree<Tensor>.CopyLeaves(Span<Tensor> leaves) => leaves[0] = this;

    /// <inheritdoc/>
    Tensor ITree<Tensor>.WithLeaves(ReadOnlySpan<Tensor> leaves) => leaves[0];

    /// <summary>The concrete tensor behind this one: itself, or the value a readable trace stands for.</summary>
    internal Tensor Resolve(string reader) => Node is null ? this : Node.Value(OutputIndex, reader);

    private void Read<T>(Span<T> destination, string reader) where T : unmanaged
    {
        if (DTypes.Of<T>() != DType)
            throw new DTypeException($"{reader}: the tensor is {DType.Name()}, asked for {DTypes.Of<T>().Name()}. Cast it: x.Cast(DType.{DTypes.Of<T>()}).");
        if (destination.Length != Count)
            throw new ShapeException($"{reader}: {Spec} holds {Count} elements, the destination {destination.Length}.");
        Tensor source = Resolve(reader);
        // A view without elements may start past the end of its memory.
        if (destination.IsEmpty) return;
        if (source.Layout.IsContiguous)
        {
            source.Storage.CopyTo(source.Layout.Offset, MemoryMarshal.AsBytes(destination));
            return;
        }
        HostStorage host = source.Storage as HostStorage ?? throw new DeviceException($"{reader}: {source.Device} tensors are copied row-major; make the tensor contiguous first.");
        StridedCopy.ToRowMajor(host.Span<T>(), source.Layout, destination);
    }

    private static ReadOnlySpan<T> Flat<T>(Array values) where T : unmanaged =>
        MemoryMarshal.CreateReadOnlySpan(
            ref System.Runtime.CompilerServices.Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(values)), values.Length);
}
