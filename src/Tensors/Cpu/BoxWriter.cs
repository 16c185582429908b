using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>A box of a row-major output that is filled from an operand, line by line.</summary>
internal sealed unsafe class BoxWriter
{
    private readonly int[] lines;
    private readonly int[] sourceSteps;
    private readonly int[] targetSteps;
    private readonly int length;
    private readonly int sourceStep;
    private readonly int targetStep;
    private readonly int size;

    /// <param name="source">Layout of the operand.</param>
    /// <param name="strides">Element distances of the box in the output, per axis.</param>
    /// <param name="size">Bytes of an element.</param>
    public BoxWriter(Layout source, int[] strides, int size)
    {
        (int[] lengths, int[][] steps) = AxisJoining.Join(source.Shape.Lengths, [source.Strides.ToArray(), strides]);
        int lead = Math.Max(0, lengths.Length - 1);
        lines = lengths[..lead];
        sourceSteps = steps[0][..lead];
        targetSteps = steps[1][..lead];
        length = lengths.Length == 0 ? 1 : lengths[^1];
        (sourceStep, targetStep) = lengths.Length == 0 ? (1, 1) : (steps[0][^1], steps[1][^1]);
        this.size = size;
        Lines = source.Shape.Count == 0 ? 0 : source.Shape.Count / length;
    }

    /// <summary>Lines of the box.</summary>
    public long Lines { get; }

    /// <summary>Writes lines [first, end).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(byte* from, byte* to, long first, long end)
    {
        if (first >= end) return;
        ReadOnlySpan<int> lengths = lines;
        int* index = stackalloc int[lengths.Length];
        nint sourcePosition = 0, targetPosition = 0;
        long rest = first;
        for (int axis = lengths.Length - 1; axis >= 0; axis--)
        {
            (rest, long i) = Math.DivRem(rest, lengths[axis]);
            index[axis] = (int)i;
            sourcePosition += (nint)i * sourceSteps[axis];
            targetPosition += (nint)i * targetSteps[axis];
        }
        for (long line = first; ;)
        {
            byte* s = from + (sourcePosition * size), d = to + (targetPosition * size);
            if (targetStep == 1) StridedRun.Copy(s, sourceStep, d, length, size);
            else if (sourceStep == 1) StridedRun.Spread(s, d, targetStep, length, size);
            else for (long i = 0; i < length; i++) Buffer.MemoryCopy(s + (i * sourceStep * size), d + (i * targetStep * size), size, size);
            if (++line == end) return;
            for (int axis = lengths.Length - 1; axis >= 0; axis--)
            {
                sourcePosition += sourceSteps[axis];
                targetPosition += targetSteps[axis];
                if (++index[axis] < lengths[axis]) break;
                sourcePosition -= (nint)sourceSteps[axis] * lengths[axis];
                targetPosition -= (nint)targetSteps[axis] * lengths[axis];
                index[axis] = 0;
            }
        }
    }
}
