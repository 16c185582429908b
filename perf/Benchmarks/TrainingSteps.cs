using Engine.Cli.Bench;

namespace Engine.Perf.Benchmarks;

/// <summary>Compiled steps with Adam; the bytes allocated by a step are to be 0.</summary>
public class TrainingSteps() : Family(All)
{
    private static IEnumerable<Measured> All =>
    [
        .. from batch in (int[])[1, 32, 128] select new Measured($"784-128-10, batch {batch}", device => Workloads.Mlp(device, batch)),
        new("like LeNet, batch 32", device => Workloads.LeNet(device, 32)),
    ];
}
