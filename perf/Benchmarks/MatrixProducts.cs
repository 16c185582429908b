using Engine.Cli.Bench;
using Engine.Tensors;

namespace Engine.Perf.Benchmarks;

/// <summary>Squares, thin matrices and vectors; the letters say which operand is transposed.</summary>
public class MatrixProducts() : Family(All)
{
    private static IEnumerable<Measured> All =>
    [
        .. from size in (int[])[128, 512, 1024] from kind in (string[])["NN", "NT", "TN"] select Single(kind, size, size, size),
        Single("NN", 32, 128, 784),
        Single("TN", 784, 128, 32),
        Single("NN", 4096, 64, 64),
        Single("NN", 1, 4096, 1024),
        Single("NT", 1, 4096, 1024),
        .. from kind in (string[])["NN", "NT", "TN"] select Double(kind, 512, 512, 512),
        Double("NN", 4096, 64, 64),
        Double("NT", 1, 4096, 1024),
    ];

    private static Measured Single(string kind, int m, int n, int k) => new($"{m} x {n} x {k} {kind}, f32", device => Workloads.MatMul(device, kind, m, n, k));

    private static Measured Double(string kind, int m, int n, int k)
    {
        bool turnA = kind[0] == 'T', turnB = kind[1] == 'T';
        return Measured.Of(
            $"{m} x {n} x {k} {kind}, f64",
            _ => [Workload.Values(1, turnA ? [k, m] : [m, k]).Cast(DType.F64), Workload.Values(2, turnB ? [n, k] : [k, n]).Cast(DType.F64)],
            x => [(turnA ? x[0].T : x[0]).MatMul(turnB ? x[1].T : x[1])], 2.0 * m * n * k, peakShare: 0.5);
    }
}
