namespace Engine.Tensors.Cpu;

/// <summary>The chunks of a job that nobody has taken yet, in one word: the number of the job, the first chunk and the end.</summary>
/// <remarks>
/// Some threads take chunks from the front, the others from the end. So each half of the work stays with the same threads from kernel to kernel, and with it the memory it touches,
/// which is then in their caches; only a thread that is held up gives chunks of its half away.
/// </remarks>
internal static class Claims
{
    private const int Bits = 20;
    private const long Mask = (1L << Bits) - 1;

    /// <summary>The most chunks a job can have.</summary>
    public const int Most = (int)Mask;

    /// <summary>All chunks of the job after the one of a word.</summary>
    public static long Next(long claim, int chunks) => (((claim >>> (2 * Bits)) + 1) << (2 * Bits)) | ((long)chunks << Bits);

    public static bool IsEmpty(long claim) => First(claim) == End(claim);

    public static int First(long claim) => (int)(claim & Mask);

    public static int End(long claim) => (int)((claim >>> Bits) & Mask);

    public static long WithoutFirst(long claim) => claim + 1;

    public static long WithoutLast(long claim) => claim - (1L << Bits);
}
