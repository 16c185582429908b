using Engine.Cli.Bench;

namespace Engine.Perf.Benchmarks;

/// <summary>Causal attention of 8 heads of width 64, forward, and forward with the gradients.</summary>
public class Attention() : Family(All)
{
    private static IEnumerable<Measured> All =>
        from length in (int[])[128, 512, 1024]
        from backward in (bool[])[false, true]
        select new Measured($"8 x {length} x 64, {(backward ? "forward and backward" : "forward")}", device => Workloads.Attention(device, 8, length, 64, backward));
}
