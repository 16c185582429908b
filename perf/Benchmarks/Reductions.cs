using Engine.Cli.Bench;
using Engine.Tensors;

namespace Engine.Perf.Benchmarks;

/// <summary>Sums over either axis and over all elements, greatest elements, and kernels over whole rows.</summary>
public class Reductions() : Family(All)
{
    private static IEnumerable<Measured> All => ((Shape[])[[100, 1_000], [1_000, 1_000], [100_000, 10]]).SelectMany(Of);

    private static IEnumerable<Measured> Of(Shape shape) =>
    [
        Read("sum of all", shape, x => Ops.Sum(x)),
        Read("sum of each row", shape, x => Ops.Sum(x, [1])),
        Read("sum of each column", shape, x => Ops.Sum(x, [0])),
        Read("greatest of each row", shape, x => Ops.Max(x, [1])),
        Measured.Of($"softmax of rows, {shape}", _ => [Workload.Values(1, shape)], x => [Ops.Softmax(x[0])], bytes: 2.0 * sizeof(float) * shape.Count),
        Measured.Of($"log softmax of rows, {shape}", _ => [Workload.Values(1, shape)], x => [Ops.LogSoftmax(x[0])], bytes: 2.0 * sizeof(float) * shape.Count),
    ];

    private static Measured Read(string name, Shape shape, Func<Tensor, Tensor> op) =>
        Measured.Of($"{name}, {shape}", _ => [Workload.Values(1, shape)], x => [op(x[0])], bytes: 1.0 * sizeof(float) * shape.Count);
}
