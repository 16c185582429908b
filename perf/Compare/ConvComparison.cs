using Engine.Cli.Bench;

namespace Engine.Perf.Compare;

/// <summary>Convolutions against PyTorch, which gives them to oneDNN.</summary>
internal static class ConvComparison
{
    private const int Images = 32;

    public static void Run(Report report)
    {
        using var torch = new TorchPeers(report);
        torch.TablesAtEqualThreads("Convolutions, 3 x 3 kernels, padding 1", "images to channels",
            Row(3, 32, 64), Row(64, 16, 64), Row(64, 32, 64), Row(128, 16, 128), Row(64, 16, 64, backward: true), Row(64, 32, 64, backward: true));
        torch.TableAtBestThreads("Training step with Adam of a network like LeNet on images of 28 x 28", "batch",
            new TorchPeers.Row($"{Images}", device => Workloads.LeNet(device, Images), "lenet", Images));
    }

    private static TorchPeers.Row Row(int channels, int size, int outputs, bool backward = false) =>
        new(null, device => Workloads.Convolution(device, Images, channels, size, outputs, backward), "conv", Images, channels, size, outputs, backward);
}
