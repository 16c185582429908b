using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Fourier transforms of lines. Threads share the lines, which are transformed a few at a time, side by side, so that vectors are full from the first pass on. How many
/// changes no bit.
/// </summary>
internal sealed unsafe class CpuFourier<T> : CpuKernel where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Lines side by side, while their planes stay in the second level of cache.
    private const int MostLines = 16;
    private const int MostElements = 16384;

    private readonly FourierKernel kernel;
    private readonly FourierPlan<T>? plan;
    private readonly ChirpTransform<T>? chirp;
    private readonly StridedView outer;
    private readonly long count;
    private readonly int step;
    private readonly int part;
    private readonly int padded;
    private readonly int width;
    private readonly int half;

    public CpuFourier(FourierKernel kernel, Operand input)
    {
        this.kernel = kernel;
        plan = FourierPlan<T>.TryCreate(kernel.Length);
        if (plan is null) chirp = new(kernel.Length);
        padded = chirp?.Padded ?? kernel.Length;
        half = (kernel.Length / 2) + 1;
        Shape shape = input.Layout.Shape;
        ReadOnlySpan<int> strides = input.Layout.Strides;
        int axes = kernel.Form == FourierForm.RealToHalf ? 1 : 2;
        outer = new(shape.Lengths[..^axes], strides[..^axes], sizeof(T));
        count = shape[..^axes].Count;
        step = strides[^axes];
        part = axes == 1 ? 0 : strides[^1];
        width = Math.Clamp(MostElements / padded, 1, MostLines);
    }

    public override void Run(void** operands, WorkerPool pool)
    {
        long groups = (count + width - 1) / width;
        int chunks = Chunks(groups, count * padded * (2 + (0.5 * BitOperations.Log2((uint)padded))) * (chirp is null ? 1 : 2), pool.Threads);
        Parallel(0, chunks, operands, &chunks, pool);
    }

    protected override void Execute(int phase, int chunk, void** operands, void* shared, ScratchPool scratch)
    {
        (long first, long end) = Part((count + width - 1) / width, chunk, *(int*)shared);
        nint plane = (nint)padded * width;
        Scratch memory = scratch.Rent((nuint)(4 * plane * sizeof(T)));
        T* real = (T*)memory.Pointer, imaginary = real + plane, otherReal = imaginary + plane, otherImaginary = otherReal + plane;
        // A backward transform is a forward one with real and imaginary parts exchanged on both ends.
        bool exchange = kernel.Backward;
        for (long group = first; group < end; group++)
        {
            long start = group * width;
            int lines = (int)Math.Min(width, count - start);
            for (int l = 0; l < lines; l++)
            {
                T* from = (T*)operands[0] + outer.Position(start + l);
                Load(from, lines, (exchange ? imaginary : real) + l, (exchange ? real : imaginary) + l);
            }
            bool swapped = plan is not null
                ? plan.Run(lines, real, imaginary, otherReal, otherImaginary)
                : chirp!.Run(lines, real, imaginary, otherReal, otherImaginary);
            T* r = swapped ? otherReal : real, i = swapped ? otherImaginary : imaginary;
            for (int l = 0; l < lines; l++) Store((T*)operands[1], start + l, lines, (exchange ? i : r) + l, (exchange ? r : i) + l);
        }
        scratch.Return(memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load(T* x, nint lines, T* real, T* imaginary)
    {
        int n = kernel.Length;
        switch (kernel.Form)
        {
            case FourierForm.Complex:
                for (nint j = 0; j < n; j++)
                {
                    real[j * lines] = x[j * step];
                    imaginary[j * lines] = x[(j * step) + part];
                }
                break;
            case FourierForm.RealToHalf:
                for (nint j = 0; j < n; j++)
                {
                    real[j * lines] = x[j * step];
                    imaginary[j * lines] = T.Zero;
                }
                break;
            default:
                // The spectrum of which the real part of the transform is the sum over the half: weight 2 is shared by k and n - k.
                T share = T.CreateChecked(kernel.Weighted ? 1 : 0.5);
                for (nint k = 0; k < half; k++)
                {
                    T a = x[k * step], b = x[(k * step) + part];
                    if (k == 0 || 2 * k == n)
                    {
                        real[k * lines] = a;
                        imaginary[k * lines] = T.Zero;
                        continue;
                    }
                    real[k * lines] = a * share;
                    imaginary[k * lines] = b * share;
                    real[(n - k) * lines] = a * share;
                    imaginary[(n - k) * lines] = -b * share;
                }
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Store(T* results, long line, nint lines, T* real, T* imaginary)
    {
        int n = kernel.Length;
        T scale = T.CreateTruncating(kernel.Scale);
        if (kernel.Form == FourierForm.HalfToReal)
        {
            T* y = results + (line * n);
            for (nint j = 0; j < n; j++) y[j] = real[j * lines] * scale;
            return;
        }
        int length = kernel.Form == FourierForm.Complex ? n : half;
        T* z = results + (line * length * 2);
        T inside = kernel.Weighted ? scale + scale : scale;
        for (nint k = 0; k < length; k++)
        {
            T factor = k == 0 || 2 * k == n ? scale : inside;
            z[2 * k] = real[k * lines] * factor;
            z[(2 * k) + 1] = imaginary[k * lines] * factor;
        }
    }
}
