using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf.PlanOverhead;

/// <summary>
/// A step of training 784-128-10 with cross-entropy and Adam as straight-line C#: kernels called one after another on memory that never moves, with nothing in between.
/// Written by hand from the formulas; it shares kernels with the engine's plan, but neither planner nor executable.
/// </summary>
internal sealed unsafe class StraightLineStep : IDisposable
{
    public const int Features = 784, Hidden = 128, Classes = 10;

    private const int Leaves = 4;

    private static readonly int[] leafCounts = [Hidden * Features, Hidden, Classes * Hidden, Classes];

    private readonly WorkerPool pool;
    private readonly int batch;
    private readonly List<nint> owned = [];
    private readonly float* hidden;
    private readonly float* rectified;
    private readonly float* slope;
    private readonly float* logits;
    private readonly float* hot;
    private readonly float* logitsGradient;
    private readonly float* logProbabilities;
    private readonly float* hiddenGradient;
    private readonly float* picked;
    private readonly float* scales;
    private readonly float*[] gradients = new float*[Leaves];
    private readonly CpuMap rectify;
    private readonly CpuMap crossEntropy;
    private readonly CpuMap rectifyGradient;
    private readonly CpuMap[] adam = new CpuMap[Leaves];
    private readonly CpuLaneReduce<float, LaneSum<float>> sumHidden;
    private readonly CpuLaneReduce<float, LaneSum<float>> sumLogits;
    private readonly CpuLaneReduce<float, LaneSum<float>> sumPicked;
    private long steps;

    /// <summary>Prepares a step that starts from zero moments.</summary>
    /// <param name="device">Whose threads and emitted loops are used.</param>
    /// <param name="batch">Rows of a batch.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="weights">Matrix and bias of the first layer, then of the second.</param>
    public StraightLineStep(CpuDevice device, int batch, double rate, float[][] weights)
    {
        (pool, this.batch) = (device.Pool, batch);
        Input = Allocate(batch * Features);
        Labels = (long*)Allocate(2 * batch);
        hidden = Allocate(batch * Hidden);
        rectified = Allocate(batch * Hidden);
        slope = Allocate(batch * Hidden);
        hiddenGradient = Allocate(batch * Hidden);
        logits = Allocate(batch * Classes);
        hot = Allocate(batch * Classes);
        logitsGradient = Allocate(batch * Classes);
        logProbabilities = Allocate(batch * Classes);
        picked = Allocate(batch);
        scales = Allocate(2);
        for (int i = 0; i < Leaves; i++)
        {
            Weights[i] = Allocate(leafCounts[i]);
            First[i] = Allocate(leafCounts[i]);
            Second[i] = Allocate(leafCounts[i]);
            gradients[i] = Allocate(leafCounts[i]);
            weights[i].CopyTo(new Span<float>(Weights[i], leafCounts[i]));
        }

        LoopCache loops = device.Loops;
        Operand wide = Operand([batch, Hidden]), narrow = Operand([batch, Classes]);
        rectify = new(StraightLineFormulas.Rectify, [wide, Operand([batch, Hidden], 0, 1)], [wide, wide], loops, PlanUse.Steps);
        crossEntropy = new(StraightLineFormulas.CrossEntropy(batch, Classes), [narrow, narrow, Operand([batch, Classes], 0, 1)], [narrow, narrow], loops, PlanUse.Steps);
        rectifyGradient = new(StraightLineFormulas.Product, [wide, wide], [wide], loops, PlanUse.Steps);
        sumHidden = new(wide, Axes.Of([0], wide.Layout.Shape, "sum"), Operand([Hidden]));
        sumLogits = new(narrow, Axes.Of([0], narrow.Layout.Shape, "sum"), Operand([Classes]));
        sumPicked = new(Operand([batch]), Axes.All(1), Operand([]));
        for (int i = 0; i < Leaves; i++)
        {
            // A single row makes the gradient of the first matrix an outer product, which needs no memory of its own.
            bool isOuter = i == 0 && batch == 1;
            Shape shape = isOuter ? [Hidden, Features] : [leafCounts[i]];
            int[] still = isOuter ? [0, 0] : [0];
            Operand leaf = Operand(shape), scalar = Operand(shape, still);
            Operand[] gradient = isOuter ? [Operand(shape, 1, 0), Operand(shape, 0, 1)] : [leaf];
            adam[i] = new(StraightLineFormulas.Adam(rate, isOuter), [leaf, leaf, leaf, scalar, scalar, .. gradient], [leaf, leaf, leaf], loops, PlanUse.Steps, writesOver: true);
        }
    }

    /// <summary>Rows of the batch.</summary>
    public float* Input { get; }

    /// <summary>The class of every row.</summary>
    public long* Labels { get; }

    /// <summary>Matrix and bias of the first layer, then of the second.</summary>
    public float*[] Weights { get; } = new float*[Leaves];

    /// <summary>Adam's means of gradients.</summary>
    public float*[] First { get; } = new float*[Leaves];

    /// <summary>Adam's means of squares.</summary>
    public float*[] Second { get; } = new float*[Leaves];

    /// <summary>The loss of the last step.</summary>
    public float Loss { get; private set; }

    /// <summary>Elements of a leaf of the weights.</summary>
    public static int Count(int leaf) => leafCounts[leaf];

    /// <summary>One step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        new Span<float>(hot, batch * Classes).Clear();
        for (int row = 0; row < batch; row++) hot[(row * Classes) + Labels[row]] = -1f / batch;

        Gemm.Multiply(pool, batch, Hidden, Features, Input, Features, 1, Weights[0], 1, Features, hidden, Hidden);
        Run(rectify, hidden, Weights[1], rectified, slope);
        Gemm.Multiply(pool, batch, Classes, Hidden, rectified, Hidden, 1, Weights[2], 1, Hidden, logits, Classes);
        Run(crossEntropy, hot, logits, Weights[3], logitsGradient, logProbabilities);

        Gemm.Multiply(pool, batch, Hidden, Classes, logitsGradient, Classes, 1, Weights[2], Hidden, 1, hiddenGradient, Hidden);
        Run(rectifyGradient, hiddenGradient, slope, hiddenGradient);
        if (batch > 1) Gemm.Multiply(pool, Hidden, Features, batch, hiddenGradient, 1, Hidden, Input, Features, 1, gradients[0], Features);

        steps++;
        scales[0] = 1 / -Portable32<Scalar32, float, int, bool>.Expm1(steps * (float)Math.Log(StraightLineFormulas.FirstDecay));
        scales[1] = 1 / -Portable32<Scalar32, float, int, bool>.Expm1(steps * (float)Math.Log(StraightLineFormulas.SecondDecay));
        Update(0);
        Run(sumHidden, hiddenGradient, gradients[1]);
        Update(1);
        Gemm.Multiply(pool, Classes, Hidden, batch, logitsGradient, 1, Classes, rectified, Hidden, 1, gradients[2], Hidden);
        Update(2);
        Run(sumLogits, logitsGradient, gradients[3]);
        Update(3);

        for (int row = 0; row < batch; row++) picked[row] = logProbabilities[(row * Classes) + Labels[row]];
        float sum;
        Run(sumPicked, picked, &sum);
        Loss = -(sum / batch);
    }

    public void Dispose()
    {
        foreach (nint block in owned) NativeMemory.AlignedFree((void*)block);
        owned.Clear();
    }

    /// <summary>Adam on a leaf, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Update(int leaf)
    {
        void** o = stackalloc void*[10];
        int next = 0;
        o[next++] = Weights[leaf];
        o[next++] = First[leaf];
        o[next++] = Second[leaf];
        o[next++] = scales;
        o[next++] = scales + 1;
        bool isOuter = leaf == 0 && batch == 1;
        o[next++] = isOuter ? hiddenGradient : gradients[leaf];
        if (isOuter) o[next++] = Input;
        o[next++] = Weights[leaf];
        o[next++] = First[leaf];
        o[next] = Second[leaf];
        adam[leaf].Run(o, pool);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Run(CpuKernel kernel, float* first, float* second, float* third = null, float* fourth = null, float* fifth = null)
    {
        void** o = stackalloc void*[] { first, second, third, fourth, fifth };
        kernel.Run(o, pool);
    }

    private static Operand Operand(Shape shape) => new(0, DType.F32, Layout.Contiguous(shape));

    private static Operand Operand(Shape shape, params int[] strides) => new(0, DType.F32, new Layout(shape, strides));

    private float* Allocate(int count)
    {
        float* block = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        new Span<float>(block, count).Clear();
        owned.Add((nint)block);
        return block;
    }
}
