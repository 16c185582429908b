using Engine.Autograd;
using Engine.Cli.Bench;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Perf.Benchmarks;

/// <summary>3 x 3 kernels with padding 1 on 32 images: forward and each gradient alone.</summary>
public class Convolutions() : Family(All)
{
    private const int Images = 32;

    private static IEnumerable<Measured> All => [.. Of(3, 32, 64), .. Of(64, 16, 64), .. Of(128, 16, 128)];

    private static IEnumerable<Measured> Of(int channels, int size, int outputs) =>
    [
        new($"{Images}x{channels}x{size}x{size} to {outputs}, forward", device => Workloads.Convolution(device, Images, channels, size, outputs)),
        GradientOf("x", channels, size, outputs),
        GradientOf("w", channels, size, outputs),
    ];

    private static Measured GradientOf(string name, int channels, int size, int outputs) => Measured.Of(
        $"{Images}x{channels}x{size}x{size} to {outputs}, gradient of {name}",
        _ => [Workload.Values(1, [Images, channels, size, size]), Workload.Values(2, [outputs, channels, 3, 3]), Workload.Values(3, [Images, outputs, size, size])],
        t => [Vjp((Weights p) => Ops.Conv2D(p["x"], p["w"], padding: 1), new Weights(["x", "w"], [t[0], t[1]]), t[2]).Cotangent[name]],
        2.0 * Images * outputs * size * size * channels * 9);
}
