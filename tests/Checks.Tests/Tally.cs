using System.Globalization;
using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>Counts what a test class compared; the sums are printed and added to counts.txt beside the tests when the class is done.</summary>
public sealed class Tally : IDisposable
{
    private static readonly Lock Gate = new();
    private readonly SortedDictionary<string, (long Count, double Worst)> counts = [];

    public void Add(string what, long count = 1, double error = 0)
    {
        lock (Gate)
        {
            (long sum, double worst) = counts.GetValueOrDefault(what);
            counts[what] = (sum + count, Math.Max(worst, error));
        }
    }

    public void Add(IEnumerable<Proof> proofs)
    {
        foreach (Proof proof in proofs) Add(proof.What, proof.Count, proof.Worst);
    }

    public void Dispose()
    {
        string text = string.Concat(counts.Select(c => string.Create(
            CultureInfo.InvariantCulture, $"{c.Key}: 0 failures of {c.Value.Count:N0}{(c.Value.Worst > 0 ? $", worst error {c.Value.Worst:g3}" : "")}\n")));
        Console.Write(text);
        lock (Gate) File.AppendAllText(Path.Combine(AppContext.BaseDirectory, "counts.txt"), text);
    }
}
