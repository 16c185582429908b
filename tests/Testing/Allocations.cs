namespace Engine.Testing;

/// <summary>What code allocates once it has settled.</summary>
public static class Allocations
{
    private const int Windows = 5;

    /// <summary>
    /// Bytes that a number of calls allocate on this thread: the least of five windows, because which call first meets a busy thread, and needs memory of its own
    /// for once, is up to the scheduler.
    /// </summary>
    public static long Of(int calls, Action call)
    {
        long least = long.MaxValue;
        for (int window = 0; window < Windows; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < calls; i++) call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
