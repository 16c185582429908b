using Engine.Cli.Bench;
using Engine.Tensors;

namespace Engine.Perf.Benchmarks;

/// <summary>One op, elementary functions, and chains that become one kernel.</summary>
public class Elementwise() : Family(All)
{
    private static IEnumerable<Measured> All => ((int[])[1_000, 100_000, 10_000_000]).SelectMany(Of);

    private static IEnumerable<Measured> Of(int count) =>
    [
        Measured.Of($"x + y, {count:N0}", _ => [Workload.Values(1, [count]), Workload.Values(2, [count])], x => [x[0] + x[1]], bytes: 3.0 * sizeof(float) * count),
        One("exp", count, Ops.Exp),
        One("tanh", count, Ops.Tanh),
        One("sin", count, Ops.Sin),
        new($"GELU, {count:N0}", device => Workloads.Gelu(device, count)),
        new($"Adam, {count:N0}", device => Workloads.Adam(device, count)),
    ];

    private static Measured One(string name, int count, Func<Tensor, Tensor> op) =>
        Measured.Of($"{name}, {count:N0}", _ => [Workload.Values(1, [count])], x => [op(x[0])], bytes: 2.0 * sizeof(float) * count);
}
