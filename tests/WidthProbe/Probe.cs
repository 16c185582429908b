using System.Globalization;
using System.Runtime.Intrinsics;
using Engine.Autograd;
using Engine.Checks;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.WidthProbe;

/// <summary>Runs every row of the catalogue on small and large operands and hashes the bits of all results.</summary>
public static class Probe
{
    /// <summary>Prints the width of the widest vectors in bits, then the hash.</summary>
    public static void Main()
    {
        int width = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        Console.WriteLine(width.ToString(CultureInfo.InvariantCulture));
        Console.WriteLine(Hash());
    }

    /// <summary>The hash of all results, as hexadecimal digits.</summary>
    public static string Hash()
    {
        ulong hash = 14695981039346656037;
        foreach (OpInfo row in Catalogue.Rows)
        {
            for (int i = 0; i < 3; i++)
            {
                Sample sample = Sample.Draw(row, new Generator(8, row.Name, i) { Scale = i == 0 ? Scale.Large : Scale.Small });
                foreach (DType type in (DType[])[DType.F64, DType.F32])
                {
                    foreach (byte b in TypedValues.Bits(sample.Function(sample.Views(null, type)))) hash = unchecked((hash ^ b) * 1099511628211);
                }
                if (i == 0 || row.Derivative == DerivativeCheck.None) continue;
                (Func<Tensor, Tensor> f, Tensor point) = sample.Packed();
                foreach (byte b in TypedValues.Bits(Transform.Grad(x => f(x).Sum())(point))) hash = unchecked((hash ^ b) * 1099511628211);
            }
        }
        foreach (Tensor result in Fused().Concat(Epilogues()).Concat(Transforms()))
        {
            foreach (byte b in TypedValues.Bits(result)) hash = unchecked((hash ^ b) * 1099511628211);
        }
        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    /// <summary>Results of a fused kernel from its first runs, over tiles, and from later ones, when a loop has been emitted for it.</summary>
    private static IEnumerable<Tensor> Fused()
    {
        double[] values = new double[100_003];
        for (int i = 0; i < values.Length; i++) values[i] = Math.Sin(i) * (i % 50);
        foreach (DType type in (DType[])[DType.F64, DType.F32, DType.F16])
        {
            Tensor x = Tensor.Of(values).Cast(type);
            Compiled<Tensor, Tensor> function = Function.Compile((Tensor a) => Ops.Where(a < 0.25, Ops.Tanh((a * 1.5) + 1), Ops.Sin(a) / 3) - (Ops.Sigmoid(a) * a));
            for (int run = 0; run < 64; run++)
            {
                Tensor result = function.Invoke(x);
                if (run is 0 or 63) yield return result;
            }
        }
    }

    /// <summary>
    /// Products with maps as their epilogue, of sizes that leave a rest of the tiles of every width, on one to three threads, by loops over tiles and by emitted ones. All must have the
    /// bits of the single ops, which are given.
    /// </summary>
    private static IEnumerable<Tensor> Epilogues()
    {
        Func<Tensor[], Tensor> dense = t => Ops.Gelu(t[0].MatMul(t[1]) + t[2]), image = t => Ops.Relu(Ops.Conv2D(t[0], t[1], padding: 1) + t[2]);
        (Func<Tensor[], Tensor> Function, string Step, Shape[] Shapes)[] cases =
        [
            (dense, "matmul+add+gelu", [[13, 21], [21, 37], [37]]),
            (dense, "matmul+add+gelu", [[203, 19], [19, 331], [331]]),
            (dense, "matmul+add+gelu", [[1, 300], [300, 1003], [1003]]),
            (image, "conv2d+add+relu", [[2, 3, 9, 11], [5, 3, 3, 3], [5, 1, 1]]),
            (image, "conv2d+add+relu", [[1, 4, 61, 67], [19, 4, 3, 3], [19, 1, 1]]),
        ];
        foreach ((Func<Tensor[], Tensor> function, string step, Shape[] shapes) in cases)
        {
            foreach (DType type in (DType[])[DType.F64, DType.F32])
            {
                Tensor expected = function(Waves(shapes, type, new CpuDevice(1)));
                for (int threads = 1; threads <= 3; threads++)
                {
                    Tensor[] operands = Waves(shapes, type, new CpuDevice(threads));
                    Tensor tiles = Function.Compile((Tensor x) => function([x, .. operands[1..]])).Invoke(operands[0]);
                    using var emitted = Function.CompileStep(operands[2], (Tensor bias, Tensor x) => (bias, function([x, operands[1], bias])));
                    emitted.Run(operands[0]);
                    if (!emitted.Explain().Contains(step, StringComparison.Ordinal)) throw new InvalidOperationException($"{step} is no kernel of its own.");
                    foreach (Tensor result in (Tensor[])[tiles, emitted.Metrics()])
                    {
                        if (!TypedValues.Bits(result).AsSpan().SequenceEqual(TypedValues.Bits(expected)))
                            throw new InvalidOperationException($"{step}, {type}, {shapes[0]} on {threads} threads differs from the single ops.");
                    }
                }
                yield return expected;
            }
        }
    }

    /// <summary>Fourier transforms of lengths with every pass, and of one that has none.</summary>
    private static IEnumerable<Tensor> Transforms()
    {
        foreach (DType type in (DType[])[DType.F64, DType.F32])
        {
            foreach (int length in (int[])[64, 210, 1001, 1013]) yield return Ops.Fft(Waves([[5, length, 2]], type, new CpuDevice(2))[0]);
        }
    }

    private static Tensor[] Waves(Shape[] shapes, DType type, CpuDevice device) =>
        Array.ConvertAll(shapes, s => TypedValues.Make([.. Enumerable.Range(0, s.Count).Select(i => Math.Sin((i * 0.7) + s.Rank))], s, type, device));
}
