using Engine.Cli.Bench;
using Engine.Tensors;

namespace Engine.Perf.Benchmarks;

/// <summary>Kernels that compute nothing.</summary>
public class MemoryMovement() : Family(All)
{
    private static IEnumerable<Measured> All =>
    [
        .. ((int[])[256, 1024, 4096]).SelectMany(Square),
        Rows(1_000, 64, 10_000),
        Rows(100_000, 64, 100_000),
        Measured.Of("concatenate 16 of 1000 x 64", _ => [.. Enumerable.Range(1, 16).Select(i => Workload.Values(i, [1000, 64]))], x => [Ops.Concat(x, 1)], bytes: 2.0 * sizeof(float) * 16 * 1000 * 64),
    ];

    private static IEnumerable<Measured> Square(int size)
    {
        Shape shape = [size, size];
        double bytes = 2.0 * sizeof(float) * shape.Count;
        return
        [
            Measured.Of($"copy {size} x {size}", _ => [Workload.Values(1, shape)], x => [x[0]], bytes: bytes),
            Measured.Of($"transpose {size} x {size}", _ => [Workload.Values(1, shape)], x => [x[0].T], bytes: bytes),
            Measured.Of($"flip {size} x {size}", _ => [Workload.Values(1, shape)], x => [Ops.Flip(x[0], 1)], bytes: bytes),
        ];
    }

    private static Measured Rows(int rows, int width, int count) => Measured.Of(
        $"gather {count:N0} of {rows:N0} rows of {width}",
        _ => [Workload.Values(1, [rows, width]), Tensor.Of([.. Enumerable.Range(0, count).Select(i => i * 7919L % rows)])],
        x => [Ops.Take(x[0], x[1])], bytes: 2.0 * sizeof(float) * count * width);
}
