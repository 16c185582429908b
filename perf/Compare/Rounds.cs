namespace Engine.Perf.Compare;

/// <summary>Lets contenders take turns: a machine that is shared changes its clock and its load, and each deserves the same moments.</summary>
internal static class Rounds
{
    // OpenBLAS and OpenMP threads spin for up to 20 ms or so after a call.
    private const int MillisecondsUntilQuiet = 45;

    /// <summary>Runs the rounds.</summary>
    /// <param name="contenders">Those who take turns.</param>
    /// <param name="rounds">Turns of each.</param>
    /// <param name="seconds">Length of a turn; a call that takes longer is one turn.</param>
    /// <param name="before">Done before every round.</param>
    public static void Run(IReadOnlyList<Contender> contenders, int rounds = 12, double seconds = 0.01, Action? before = null)
    {
        for (int round = 0; round < rounds; round++)
        {
            before?.Invoke();
            foreach (Contender contender in contenders)
            {
                contender.Turn(seconds);
                if (contender.Lingers) Thread.Sleep(MillisecondsUntilQuiet);
            }
        }
    }
}
