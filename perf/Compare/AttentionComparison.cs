using Engine.Cli.Bench;

namespace Engine.Perf.Compare;

/// <summary>Causal attention against its explicit forms in PyTorch.</summary>
internal static class AttentionComparison
{
    private const int Heads = 8, Length = 1024, Width = 64;

    public static void Run(Report report)
    {
        using var torch = new TorchPeers(report);
        torch.TablesAtEqualThreads("Causal attention, heads x length x width", "forms of PyTorch",
            Row("scores filled behind the mask", "filled"), Row("mask added to the scores", "added"));
    }

    private static TorchPeers.Row Row(string name, string form) =>
        new(name, device => Workloads.Attention(device, Heads, Length, Width), $"attention_{form}", Heads, Length, Width);
}
