using System.Collections.Immutable;

namespace Engine.Tensors;

/// <summary>Gives every intermediate buffer a place in one arena; buffers that are never live together may share bytes.</summary>
internal static class MemoryPlanner
{
    private const long Alignment = 64;

    /// <summary>Turns escaping buffers into results, assigns arena offsets to the others, and returns the arena's size in bytes.</summary>
    public static long Assign(List<PlanBuffer> buffers, List<PlanStep> steps, ImmutableArray<Operand> results)
    {
        int count = 0;
        foreach (Operand result in results)
        {
            if (buffers[result.Buffer].Kind == BufferKind.Arena)
                buffers[result.Buffer] = buffers[result.Buffer] with { Kind = BufferKind.Result, Slot = count++ };
        }

        int[] lastUse = new int[buffers.Count];
        for (int s = 0; s < steps.Count; s++)
        {
            foreach (Operand operand in steps[s].Inputs) lastUse[operand.Buffer] = s;
            foreach (Operand operand in steps[s].Outputs) lastUse[operand.Buffer] = Math.Max(lastUse[operand.Buffer], s);
        }

        var free = new FreeList();
        for (int s = 0; s < steps.Count; s++)
        {
            foreach (Operand output in steps[s].Outputs.DistinctBy(o => o.Buffer))
            {
                PlanBuffer buffer = buffers[output.Buffer];
                if (buffer.Kind == BufferKind.Arena) buffers[output.Buffer] = buffer with { Slot = checked((int)free.Take(Bytes(buffer))) };
            }
            foreach (int dead in Touched(steps[s]))
            {
                if (lastUse[dead] == s && buffers[dead].Kind == BufferKind.Arena) free.Give(buffers[dead].Slot, Bytes(buffers[dead]));
            }
        }
        return free.Size;
    }

    private static IEnumerable<int> Touched(PlanStep step) => step.Inputs.Concat(step.Outputs).Select(o => o.Buffer).Distinct();

    private static long Bytes(PlanBuffer buffer) => (((long)buffer.Count * buffer.DType.Size()) + Alignment - 1) / Alignment * Alignment;

    /// <summary>Free ranges of the arena in address order; the smallest range that fits is taken, and the arena grows when none does.</summary>
    private sealed class FreeList
    {
        private readonly List<(long Start, long Length)> ranges = [];

        public long Size { get; private set; }

        public long Take(long length)
        {
            int best = -1;
            for (int i = 0; i < ranges.Count; i++)
            {
                if (ranges[i].Length >= length && (best < 0 || ranges[i].Length < ranges[best].Length)) best = i;
            }
            if (best < 0)
            {
                bool atEnd = ranges.Count > 0 && ranges[^1].Start + ranges[^1].Length == Size;
                long start = atEnd ? ranges[^1].Start : Size;
                if (atEnd) ranges.RemoveAt(ranges.Count - 1);
                Size = start + length;
                return start;
            }
            (long at, long size) = ranges[best];
            if (size == length) ranges.RemoveAt(best);
            else ranges[best] = (at + length, size - length);
            return at;
        }

        public void Give(long start, long length)
        {
            if (length == 0) return;
            int i = ranges.FindIndex(r => r.Start > start);
            if (i < 0) i = ranges.Count;
            ranges.Insert(i, (start, length));
            if (i + 1 < ranges.Count && ranges[i].Start + ranges[i].Length == ranges[i + 1].Start)
            {
                ranges[i] = (ranges[i].Start, ranges[i].Length + ranges[i + 1].Length);
                ranges.RemoveAt(i + 1);
            }
            if (i > 0 && ranges[i - 1].Start + ranges[i - 1].Length == ranges[i].Start)
            {
                ranges[i - 1] = (ranges[i - 1].Start, ranges[i - 1].Length + ranges[i].Length);
                ranges.RemoveAt(i);
            }
        }
    }
}
