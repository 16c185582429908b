using Engine.Cli.Bench;

namespace Engine.Perf.Compare;

/// <summary>Causal attention against its explicit forms in PyTorch.</summary>
internal static class AttentionComparison
{
    private const string Title = "Causal attention, heads x length x width", Subject = "forms of PyTorch";
    private const int Heads = 8, Length = 1024, Width = 64;

    public static void Run(Report report)
    {
        using var torch = new TorchPeers(report);
        torch.TablesAtEqualThreads(Title, Subject, [.. Rows(false), .. Rows(true)]);
        torch.TableAtBestThreads(Title, Subject, [.. Rows(false), .. Rows(true)]);
    }

    private static TorchPeers.Row[] Rows(bool backward) =>
        [Row("scores filled behind the mask", "filled", backward), Row("mask added to the scores", "added", backward), Row("mask and scores in one product", "joined", backward)];

    private static TorchPeers.Row Row(string name, string form, bool backward) => new(
        backward ? $"{name}, forward and backward" : name, device => Workloads.Attention(device, Heads, Length, Width, backward),
        $"attention_{form}", Heads, Length, Width, backward);
}
