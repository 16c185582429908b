namespace Engine.Tensors.Cpu;

/// <summary>The CPU. Threads belong to the device value; all CPU devices share host memory. Safe for concurrent callers.</summary>
public sealed class CpuDevice : Device
{
    private readonly KernelCache kernels;

    /// <summary>A CPU device that computes on a number of threads.</summary>
    /// <param name="threads">Threads, the caller's included; all cores when omitted. Results do not depend on it.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than one thread.</exception>
    public CpuDevice(int? threads = null)
    {
        Threads = threads ?? Environment.ProcessorCount;
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1, nameof(threads));
        Pool = new WorkerPool(Threads);
        kernels = new KernelCache(Loops);
    }

    /// <summary>Bits of the vectors that element by element kernels and reductions use on this machine. Results do not depend on it.</summary>
    public static int VectorBits => SimdWidth.Elementwise;

    /// <summary>Bits of the vectors that matrix products use on this machine. Results do not depend on it.</summary>
    public static int MatrixVectorBits => SimdWidth.Gemm;

    /// <summary>Threads that work on one op, the caller's included.</summary>
    public int Threads { get; }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override object MemorySpace => HostStorage.Space;

    /// <summary>The threads.</summary>
    internal WorkerPool Pool { get; }

    /// <summary>The emitted loops.</summary>
    internal LoopCache Loops { get; } = new();

    /// <inheritdoc/>
    public override Storage Allocate(DType dtype, int count) => new HostStorage(dtype, dtype.Allocate(count));

    /// <inheritdoc/>
    public override Executable Build(Plan plan) => new CpuExecutable(this, plan, plan.Use);

    /// <inheritdoc/>
    public override unsafe void Run(Primitive primitive, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        bool nothing = true;
        foreach (Tensor output in outputs) nothing &= output.Count == 0;
        if (nothing) return;
        CpuKernel kernel = kernels.Find(primitive, inputs, outputs);
        void** operands = stackalloc void*[inputs.Length + outputs.Length];
        new EagerCall { Kernel = kernel, Inputs = inputs, Outputs = outputs, Operands = operands, Pool = Pool }.Run(0);
    }

    /// <inheritdoc/>
    public override void Synchronize()
    {
    }

    /// <summary>Pins the operands of one op, four per stack frame, and runs it. Frames pin without allocating handles.</summary>
    private unsafe ref struct EagerCall
    {
        public CpuKernel Kernel;
        public ReadOnlySpan<Tensor> Inputs;
        public ReadOnlySpan<Tensor> Outputs;
        public void** Operands;
        public WorkerPool Pool;

        public readonly void Run(int pinned)
        {
            if (pinned >= Inputs.Length + Outputs.Length)
            {
                Kernel.Run(Operands, Pool);
                return;
            }
            fixed (byte* a = &Memory.Of(Operand(pinned)).Origin)
            fixed (byte* b = &Memory.Of(Operand(pinned + 1)).Origin)
            fixed (byte* c = &Memory.Of(Operand(pinned + 2)).Origin)
            fixed (byte* d = &Memory.Of(Operand(pinned + 3)).Origin)
            {
                Set(pinned, a);
                Set(pinned + 1, b);
                Set(pinned + 2, c);
                Set(pinned + 3, d);
                Run(pinned + 4);
            }
        }

        // Past the last operand the last is pinned again.
        private readonly Tensor Operand(int index)
        {
            index = Math.Min(index, Inputs.Length + Outputs.Length - 1);
            return index < Inputs.Length ? Inputs[index] : Outputs[index - Inputs.Length];
        }

        private readonly void Set(int index, byte* origin)
        {
            if (index >= Inputs.Length + Outputs.Length) return;
            Tensor operand = Operand(index);
            Operands[index] = origin + ((nint)operand.Layout.Offset * operand.DType.Size());
        }
    }
}

/// <summary>Host memory of tensors and storages.</summary>
internal static class Memory
{
    public static HostStorage Of(Tensor tensor) => Of(tensor.Storage);

    /// <exception cref="DeviceException">The storage belongs to another device.</exception>
    public static HostStorage Of(Storage storage) =>
        storage as HostStorage ?? throw new DeviceException("cpu: an operand is in the memory of another device. Move it: x.To(Device.Cpu).");
}
