using Engine.Cli.Bench;
using Engine.Perf.Compare.Peers;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Compare;

/// <summary>Elementwise work and rows against PyTorch, and a chain of operations against TensorPrimitives.</summary>
internal static class ElementwiseComparison
{
    public static void Run(Report report)
    {
        using var torch = new TorchPeers(report);
        torch.TablesAtEqualThreads("Elementwise work and rows of 1000", "work, elements",
            [.. Rows("GELU", Workloads.Gelu, "gelu"), .. Rows("softmax", Workloads.Softmax, "softmax"), .. Rows("layer norm", Workloads.Norm, "norm"), .. Rows("Adam", Workloads.Adam, "adam")]);
        Chain(report);
    }

    private static IEnumerable<TorchPeers.Row> Rows(string name, Func<Device, int, Workload> make, string @case) =>
        ((int[])[100_000, 10_000_000]).Select(count => new TorchPeers.Row($"{name}, {count}", device => make(device, count), @case, count));

    /// <summary>The chain of GELU in one plan against one call of TensorPrimitives per operation.</summary>
    private static void Chain(Report report)
    {
        var device = new CpuDevice(1);
        report.Times("GELU as a chain of operations, 1 thread", "elements", ["engine", "TensorPrimitives", "ratio"]);
        foreach (int count in (int[])[100_000, 1_000_000, 10_000_000])
        {
            using Workload work = Workloads.Gelu(device, count);
            Contender[] contenders = [new InProcess("engine", work.Run), new InProcess("TensorPrimitives", TensorPrimitivesGelu.Of(count))];
            Rounds.Run(contenders, rounds: 8, seconds: 0.03);
            report.Row($"{count}", contenders);
        }
        report.Summary();
    }
}
