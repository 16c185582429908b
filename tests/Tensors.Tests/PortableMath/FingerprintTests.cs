using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests;

/// <summary>
/// Hashes of results, so that a change of a single bit is seen on every machine and instruction set. A deliberate change of a sequence
/// changes its line here, and must be told to users as a change of results.
/// </summary>
public sealed class FingerprintTests
{
    public static TheoryData<ElementaryFunction, ulong, ulong> Expected => new()
    {
        { ElementaryFunction.Exp, 0xDC011B982D963F5B, 0x518CCDB8256DAEB1 },
        { ElementaryFunction.Exp2, 0x369A88E1709051BA, 0x3EC088C73EC01963 },
        { ElementaryFunction.Expm1, 0xC4D5A1DCA5ACF909, 0x59589A01724C5BF1 },
        { ElementaryFunction.Log, 0xE2EDE4FE148466B9, 0xBDDE9BEFEAC5678F },
        { ElementaryFunction.Log2, 0xC9E738404A0EB23D, 0x4C33A2911A9EB633 },
        { ElementaryFunction.Log1p, 0x5576E1E360C163F6, 0xEF902FA7D2BA8273 },
        { ElementaryFunction.Tanh, 0x2B5FAA8C46D8C758, 0x7187E0D952ADCCFA },
        { ElementaryFunction.Sigmoid, 0x610E26E1DDB1A3FB, 0x38C4DB8934CFF6DB },
        { ElementaryFunction.Erf, 0x80BB0033BC3EB379, 0xEE45DCB4B78B95E6 },
        { ElementaryFunction.Erfc, 0xD1502105170CE174, 0xD388573F569BC08A },
        { ElementaryFunction.Sin, 0x2D7C2C950EAF8F3E, 0x3F500F598111E87A },
        { ElementaryFunction.Cos, 0x3363737EA65E665E, 0xF132E50A236318FF },
        { ElementaryFunction.Tan, 0x20DB5B55B9B12FCB, 0x6E164D9FD64B34C5 },
        { ElementaryFunction.Asin, 0xA3EBC3351942A86D, 0x3D3022736D333333 },
        { ElementaryFunction.Acos, 0x3B4622CB576A388B, 0xF160AB12ECD8E595 },
        { ElementaryFunction.Atan, 0x2F8A36215FFC6EAE, 0x2C815010E4507828 },
        { ElementaryFunction.Sinh, 0xECCD0AC7E195773F, 0xBF11E5D0AF0F9C8F },
        { ElementaryFunction.Cosh, 0x7BE7D1B8415EDFD5, 0x66B44748C74B4B56 },
        { ElementaryFunction.Asinh, 0x5A15A7A2586A6416, 0xFC82B5FB29BBC6AE },
        { ElementaryFunction.Acosh, 0x02937B9FDAF6080F, 0x51A241EB99E42436 },
        { ElementaryFunction.Atanh, 0x9733067CEAF3DA2B, 0x217BE0271DA4176E },
        { ElementaryFunction.Pow, 0xD99FC57397925BF6, 0xDD9D6206B506B7C8 },
        { ElementaryFunction.Atan2, 0xCC5DE7691E14FEBE, 0x1AB2B3250FF76173 },
    };

    [Theory]
    [MemberData(nameof(Expected))]
    public void Results_have_the_recorded_bits(ElementaryFunction function, ulong expected32, ulong expected64)
    {
        const int count = 50_000;
        var x = new double[count];
        var y = new double[count];
        for (int i = 0; i < count; i++)
        {
            // All bit patterns and a range around zero in turn.
            ulong hash = Mix((ulong)i);
            ulong other = Mix(hash);
            x[i] = (i & 1) == 0 ? BitConverter.UInt64BitsToDouble(hash) : ((hash >> 11) * (1.0 / (1L << 52)) - 1) * 20;
            y[i] = (i & 2) == 0 ? BitConverter.UInt64BitsToDouble(other) : ((other >> 11) * (1.0 / (1L << 52)) - 1) * 20;
        }

        float[] fx = [.. x.Select((v, i) => (i & 1) == 0 ? BitConverter.UInt32BitsToSingle((uint)BitConverter.DoubleToUInt64Bits(v)) : (float)v)];
        float[] fy = [.. y.Select(v => (float)v)];
        bool binary = VectorMath.IsBinary(function);
        float[] singles = binary ? Elementary.Run(function, VectorMath.Widest, fx, fy) : Elementary.Run(function, VectorMath.Widest, fx);
        double[] doubles = binary ? Elementary.Run(function, VectorMath.Widest, x, y) : Elementary.Run(function, VectorMath.Widest, x);
        ulong actual32 = Hash(singles.Select(v => float.IsNaN(v) ? uint.MaxValue : BitConverter.SingleToUInt32Bits(v)).Select(v => (ulong)v));
        ulong actual64 = Hash(doubles.Select(v => double.IsNaN(v) ? ulong.MaxValue : BitConverter.DoubleToUInt64Bits(v)));
        Assert.Equal($"0x{expected32:X16}, 0x{expected64:X16}", $"0x{actual32:X16}, 0x{actual64:X16}");
    }

    private static ulong Hash(IEnumerable<ulong> values) => values.Aggregate(14695981039346656037, (hash, value) => (hash ^ value) * 1099511628211);

    /// <summary>The finalizer of SplitMix64.</summary>
    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
