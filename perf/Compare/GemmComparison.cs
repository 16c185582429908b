using System.Globalization;
using Engine.Perf.Compare.Peers;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Compare;

/// <summary>Matrix products against OpenBLAS, oneDNN and Math.NET.</summary>
internal static class GemmComparison
{
    private static readonly (string Kind, int M, int N, int K)[] Shapes =
    [
        .. new[] { 32, 64, 128, 256, 512, 1024, 2048, 100 }.Select(size => ("NN", size, size, size)),
        ("NN", 128, 128, 784), ("NN", 32, 128, 784), ("NN", 128, 10, 128), ("NN", 64, 256, 576), ("NN", 64, 1024, 576), ("NN", 7, 500, 300),
        ("NT", 128, 128, 784), ("NT", 32, 128, 784), ("NT", 128, 128, 10), ("NT", 512, 512, 512),
        ("TN", 784, 128, 128), ("TN", 512, 512, 512),
    ];

    private static readonly string[] Columns = ["engine", "OpenBLAS", "oneDNN", "ratio"];

    public static void Run(Report report)
    {
        report.Line();
        report.Line($"Kernels of {SimdWidth.Gemm} bits. " +
            $"{(OpenBlas.IsInstalled ? OpenBlas.Description : "OpenBLAS is not installed")}; {(OneDnn.IsInstalled ? OneDnn.Description : "oneDNN is not installed")}.");
        using var one = new WorkerPool(1);
        Table(report, one, "The list of shapes, 1 thread", Shapes.Select(s => new GemmCase(s.Kind, s.M, s.N, s.K)));
        Table(report, one, "Transposed squares, 1 thread", from kind in (string[])["NT", "TN"] from size in (int[])[128, 256, 1024] select new GemmCase(kind, size, size, size));
        Table(report, one, "Products with a vector, 1 thread",
            from shape in ((string Kind, int N, int K)[])[("NN", 128, 784), ("NT", 128, 784), ("NN", 4096, 1024), ("NT", 4096, 1024)]
            select new GemmCase(shape.Kind, 1, shape.N, shape.K));
        Table(report, one, "Small products in batches, 1 thread",
            from shape in ((string Kind, int Batch, int M, int N, int K)[])[
                ("NN", 64, 16, 16, 16), ("NT", 64, 16, 16, 16), ("NN", 256, 8, 8, 8), ("NN", 64, 32, 32, 32), ("NT", 8, 128, 128, 64), ("NN", 8, 128, 64, 128), ("NN", 8, 128, 64, 64)]
            select new GemmCase(shape.Kind, shape.M, shape.N, shape.K, shape.Batch));
        Table(report, one, "Double precision, 1 thread", from size in (int[])[128, 512, 1024] select new GemmCase("NN", size, size, size, isDouble: true));
        MathNetTable(report, one);
        if (Environment.ProcessorCount > 1) Scaling(report, one);
    }

    private static void Table(Report report, WorkerPool pool, string title, IEnumerable<GemmCase> cases)
    {
        report.Rates(title, "m x n x k", [.. Columns, "of the peak"]);
        foreach (GemmCase product in cases)
        {
            using GemmCase current = product;
            Contender?[] contenders = [product.Engine(pool), product.Blas(1), product.Dnn(1)];
            double peak = 0;
            Rounds.Run([.. contenders.OfType<Contender>()], before: () => peak = Math.Max(peak, PeakProbe.SingleGigaflops(SimdWidth.Gemm, 5)));
            if (product.IsDouble) peak /= 2;
            report.Row(product.Name, contenders, product.Flops, Report.Percent(product.Flops / contenders[0]!.Samples.Best * 1e-9 / peak));
        }
        report.Summary();
    }

    private static void MathNetTable(Report report, WorkerPool pool)
    {
        report.Rates("Managed libraries, 1 thread", "m x n x k", ["engine", "Math.NET", "ratio"]);
        foreach (int size in (int[])[64, 128, 256, 512])
        {
            using var product = new GemmCase("NN", size, size, size);
            Contender[] contenders = [product.Engine(pool), new InProcess("Math.NET", MathNetProduct.Of(size))];
            Rounds.Run(contenders);
            report.Row(product.Name, contenders, product.Flops);
        }
        report.Summary();
    }

    private static void Scaling(Report report, WorkerPool one)
    {
        using var two = new WorkerPool(2);
        report.Rates("Two threads", "m x n x k", [.. Columns, "engine, times 1 thread"]);
        foreach ((int m, int n, int k) in ((int, int, int)[])[(128, 128, 128), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (32, 128, 784), (784, 128, 32)])
        {
            using var product = new GemmCase("NN", m, n, k);
            Contender?[] contenders = [product.Engine(two), product.Blas(2), product.Dnn(2)];
            Contender alone = product.Engine(one);
            Rounds.Run([alone, .. contenders.OfType<Contender>()], rounds: 20, seconds: 0.02);
            report.Row(product.Name, contenders, product.Flops, (alone.Samples.Best / contenders[0]!.Samples.Best).ToString("F2", CultureInfo.InvariantCulture));
        }
        report.Summary();
    }
}
