using System.Globalization;
using System.Runtime.Intrinsics;
using Engine.Autograd;
using Engine.Checks;
using Engine.Tensors;

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
        foreach (Tensor result in Fused())
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
}
