using System.Globalization;
using Engine.Autograd.Duality;
using Engine.Cli.Bench;
using Engine.Perf.Compare.Peers;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf.Compare;

/// <summary>Polar factors against the same polynomials in numpy and PyTorch, and the paths of the engine against each other.</summary>
internal static class PolarComparison
{
    private const int Steps = 5;
    private const double SecondsPerTurn = 0.05;

    private static readonly PolarPrescale Frobenius = PolarPrescale.Frobenius(1e-7);

    public static void Run(Report report)
    {
        using Torch? peers = Torch.Start(keepMemory: true);
        report.Line();
        report.Line(peers is null ? "Python with PyTorch is not installed." : $"numpy, and PyTorch {peers.Version}, in a process of their own whose malloc keeps freed memory; numpy takes a matrix at a time.");
        foreach (int threads in Environment.ProcessorCount > 1 ? (int[])[1, 2] : [1])
        {
            var device = new CpuDevice(threads);
            Polynomials(report, peers, device);
            Products(report, device);
            Paths(report, device);
        }
    }

    private static void Polynomials(Report report, Torch? peers, CpuDevice device)
    {
        report.Times($"Five quintic steps, {device.Threads} thread(s)", "matrices", ["engine", "numpy", "PyTorch", "ratio", "of the time of numpy"]);
        foreach ((int batch, int m, int n) in ((int, int, int)[])[(1, 768, 3072), (1, 512, 512), (1, 256, 1024), (1, 128, 128), (64, 64, 256)])
        {
            using Workload work = Factor(device, batch, m, n, x => Polar.Apply(x, PolarSchedule.Jordan, Frobenius));
            Contender? peer(string name) => peers?.Contender(name, device.Threads, $"polar_{name}", batch, m, n, Steps);
            Contender?[] contenders = [new InProcess("engine", work.Run), peer("numpy"), peer("torch")];
            Rounds.Run([.. contenders.OfType<Contender>()], rounds: 10, SecondsPerTurn);
            report.Row($"{(batch > 1 ? $"{batch} of " : "")}{m} x {n}", contenders, 0, contenders[1] is null ? "" : Share(contenders[0]!, contenders[1]!));
        }
        report.Summary();
    }

    private static void Products(Report report, CpuDevice device)
    {
        report.Times($"Symmetric products, {device.Threads} thread(s)", "n", ["half", "whole", "ratio", "of the whole"]);
        foreach (int n in (int[])[128, 256, 512, 1024])
        {
            Tensor a = Workload.Values(1, [n, n]), b = Workload.Values(2, [n, n]);
            using Workload half = Workload.Of("half", device, [a, b], x => [Ops.SymmetricMatMul(x[0], x[1])]), whole = Workload.Of("whole", device, [a, b], x => [x[0].MatMul(x[1])]);
            Contender[] contenders = [new InProcess("half", half.Run), new InProcess("whole", whole.Run)];
            Rounds.Run(contenders, rounds: 20);
            report.Row($"{n}", contenders, 0, Share(contenders[0], contenders[1]));
        }
    }

    private static void Paths(Report report, CpuDevice device)
    {
        string[] columns = ["best path, 5 steps", "the steps one by one", "one by one, whole products", "of one by one", "of whole products", "Fast", "Default", "High", "Fast of 5 steps", "Default of 6 steps"];
        report.Times($"Paths, minimax steps, {device.Threads} thread(s)", "matrix", columns);
        foreach ((int m, int n) in ((int, int)[])[(256, 256), (512, 512), (256, 512), (256, 1024), (512, 2048)])
        {
            PolarSchedule five = PolarSchedule.Minimax(1e-3, Steps, safety: 1.001), six = PolarSchedule.Minimax(1e-3, Steps + 1, safety: 1.001);
            Func<Tensor, Tensor>[] functions =
            [
                x => Polar.Apply(x, five), x => OneByOne(x, five, half: true), x => OneByOne(x, five, half: false), x => Polar.Factor(x, PolarAccuracy.Fast), x => Polar.Factor(x),
                x => Polar.Factor(x, PolarAccuracy.High), x => Polar.Apply(x, six),
            ];
            Workload[] work = [.. functions.Select(f => Factor(device, 1, m, n, f))];
            Contender[] all = [.. work.Select(w => new InProcess("engine", w.Run))];
            Rounds.Run(all, rounds: 10, SecondsPerTurn);
            string[] times = [.. all.Select(c => $"{Report.Number(c.Samples.Best * 1e6)} ({Report.Number(c.Samples.Median * 1e6)})")];
            report.Line($"| {m} x {n} | {times[0]} | {times[1]} | {times[2]} | {Share(all[0], all[1])} | {Share(all[0], all[2])} | {times[3]} | {times[4]} | {times[5]} | {Share(all[3], all[0])} | {Share(all[4], all[6])} |");
            foreach (Workload each in work) each.Dispose();
        }
    }

    /// <summary>The steps on X itself, with symmetric products or whole ones.</summary>
    private static Tensor OneByOne(Tensor g, PolarSchedule schedule, bool half)
    {
        Tensor x = g / Ops.Sqrt(Ops.Sum(Ops.Square(g)));
        foreach (PolarStep step in schedule.Steps)
        {
            // Twice the same matrix in other memory: a product of a matrix with its own transpose is seen to be symmetric.
            Tensor gram = Ops.MatMul(x, half ? x.T : (x * 1.0000001).T), square = half ? Ops.SymmetricMatMul(gram, gram) : Ops.MatMul(gram, gram);
            x = (x * step.A) + Ops.MatMul((gram * step.B) + (square * step.C), x);
        }
        return x;
    }

    private static Workload Factor(CpuDevice device, int batch, int m, int n, Func<Tensor, Tensor> factor) =>
        Workload.Of($"{m} x {n}", device, [Workload.Values(1, batch > 1 ? [batch, m, n] : [m, n])], x => [factor(x[0])]);

    private static string Share(Contender part, Contender whole) => (part.Samples.Best / whole.Samples.Best).ToString("F2", CultureInfo.InvariantCulture);
}
