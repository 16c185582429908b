using Engine.Cli.Bench;

namespace Engine.Perf.Compare;

/// <summary>Training steps of a small network against PyTorch.</summary>
internal static class MlpComparison
{
    public static void Run(Report report)
    {
        using var torch = new TorchPeers(report);
        torch.TableAtBestThreads("Training steps of a network 784-128-10 with Adam", "batch",
            [.. ((int[])[1, 32, 128]).Select(batch => new TorchPeers.Row($"{batch}", device => Workloads.Mlp(device, batch), "mlp", batch))]);
    }
}
