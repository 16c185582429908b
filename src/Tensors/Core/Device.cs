namespace Engine.Tensors;

/// <summary>
/// Where tensors live and kernels run: allocate, copy, build, synchronize. A value that is passed around, never ambient state.
/// </summary>
public abstract partial class Device
{
    /// <summary>Short name, for messages and listings.</summary>
    public abstract string Name { get; }

    /// <summary>Devices with equal memory spaces read each other's tensors without a copy: all CPU devices share one.</summary>
    public abstract object MemorySpace { get; }

    /// <summary>Memory for a number of elements, contents undefined.</summary>
    public abstract Storage Allocate(DType dtype, int count);

    /// <summary>Turns a plan into something that runs. The executable owns its arena and serves one caller at a time.</summary>
    public abstract Executable Build(Plan plan);

    /// <summary>
    /// Runs one op at once on concrete operands and writes its row-major outputs. The device keeps what it builds, keyed by primitive and operand layouts;
    /// <see cref="Primitive.Lower"/> is asked only when the key is new.
    /// </summary>
    public abstract void Run(Primitive primitive, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs);

    /// <summary>Waits until all work given to the device is done.</summary>
    public abstract void Synchronize();

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A plan made ready for one device. Not safe for concurrent callers.</summary>
public abstract class Executable
{
    /// <summary>The plan that is executed.</summary>
    public abstract Plan Plan { get; }

    /// <summary>Runs the plan: inputs in plan order, fresh results in plan order.</summary>
    public abstract Tensor[] Run(ReadOnlySpan<Tensor> inputs);

    /// <summary>
    /// Runs the plan into memory the caller owns and allocates nothing. Inputs and results are storages in plan order, row-major from element 0;
    /// a result may not share memory with an input, except as <see cref="Plan.InPlace"/> allows.
    /// </summary>
    public abstract void Run(ReadOnlySpan<Storage> inputs, ReadOnlySpan<Storage> results);
}

/// <summary>A block of device memory that tensors view.</summary>
public abstract class Storage
{
    /// <summary>Element type.</summary>
    public abstract DType DType { get; }

    /// <summary>Elements.</summary>
    public abstract int Count { get; }

    /// <summary>Copies elements to host memory.</summary>
    public abstract void CopyTo(int start, Span<byte> destination);

    /// <summary>Copies elements from host memory; used before a tensor exists over the storage, or by an owner of state.</summary>
    public abstract void CopyFrom(int start, ReadOnlySpan<byte> source);
}
