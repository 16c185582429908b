using Engine.Cli.Bench;
using Engine.Perf.Compare.Peers;
using Engine.Tensors.Cpu;

namespace Engine.Perf;

/// <summary>
/// A few measurements that fail only when more than half of the speed is gone. Every bar is half of a ratio that was measured against something in the same process (the
/// arithmetic peak, another library), so that it holds on other machines and on busy ones; a missed bar is measured again before it counts.
/// </summary>
internal static class SmokeSuite
{
    private const int Attempts = 4;
    private const double Seconds = 0.15;

    /// <summary>Prints each ratio beside its bar; returns 1 when one is missed, else 0.</summary>
    public static int Run()
    {
        double peak = PeakProbe.SingleGigaflops(CpuDevice.MatrixVectorBits) * 1e9;
        var device = new CpuDevice(1);
        // Multiply-adds of the products of the step: forward, and both gradients of the second layer, one of the first.
        const double MlpFlops = 2.0 * 128 * ((2 * 784 * 128) + (3 * 128 * 10));
        bool passed = Check("matrix product 512 x 512 x 512, of the arithmetic peak", 0.95 / 2, () => Rate(Workloads.MatMul(device, "NN", 512, 512, 512), null) / peak);
        passed &= Check("training step of a small network, batch 128, of the arithmetic peak", 0.80 / 2, () => Rate(Workloads.Mlp(device, 128), MlpFlops) / peak);
        passed &= Check("convolution 32x64x16x16 to 64, of the arithmetic peak", 0.75 / 2, () => Rate(Workloads.Convolution(device, 32, 64, 16, 64), null) / peak);
        passed &= Check("attention of 8 heads of 256 tokens, of the arithmetic peak", 0.60 / 2, () => Rate(Workloads.Attention(device, 8, 256, 64, backward: false), null) / peak);
        passed &= Check("GELU of 1,000,000 elements, times as fast as TensorPrimitives", 3.6 / 2, () =>
        {
            const int Count = 1_000_000;
            using Workload work = Workloads.Gelu(device, Count);
            Action peer = TensorPrimitivesGelu.Of(Count);
            // It comes as unoptimized code and is compiled again once it has run for a while.
            new Sampler(peer).Run(1);
            return Best(peer) / Best(work.Run);
        });
        return passed ? 0 : 1;
    }

    private static bool Check(string what, double bar, Func<double> measure)
    {
        double best = 0;
        for (int i = 0; i < Attempts && best < bar; i++) best = Math.Max(best, measure());
        Console.WriteLine($"{(best >= bar ? "ok  " : "SLOW")} {best,6:F2}, at least {bar:F2}: {what}");
        return best >= bar;
    }

    private static double Rate(Workload work, double? flops)
    {
        using (work) return (flops ?? work.Flops) / Best(work.Run);
    }

    private static double Best(Action call)
    {
        var sampler = new Sampler(call);
        sampler.Run(Seconds);
        return sampler.Samples.Best;
    }
}
