using System.Globalization;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests;

public sealed class AccuracyTests
{
    private static readonly Lazy<ILookup<ElementaryFunction, Golden>> Table = new(ReadTable);

    public static TheoryData<ElementaryFunction> Unary => Elementary.Unary;

    public static TheoryData<ElementaryFunction> All => [.. Enum.GetValues<ElementaryFunction>()];

    /// <summary>The promise: 1.01 units in the last place for the common functions in binary32, 2 for the others.</summary>
    private static double Bound32(ElementaryFunction function) => function switch
    {
        ElementaryFunction.Exp or ElementaryFunction.Exp2 or ElementaryFunction.Expm1 or ElementaryFunction.Log or ElementaryFunction.Log2
            or ElementaryFunction.Log1p or ElementaryFunction.Tanh or ElementaryFunction.Sigmoid or ElementaryFunction.Erf or ElementaryFunction.Sin
            or ElementaryFunction.Cos => 1.01,
        _ => 1.2,
    };

    private const double Bound64 = 1.25;

    [Theory]
    [MemberData(nameof(Unary))]
    public void Single_precision_is_within_its_bound_of_the_double_reference(ElementaryFunction function)
    {
        float[] x = Samples.Singles(200_000, 5);
        float[] y = Elementary.Run(function, VectorMath.Widest, x);
        for (int i = 0; i < x.Length; i++)
        {
            double error = Samples.UlpError(y[i], DoubleReference.Evaluate(function, x[i]), 0);
            if (error > Bound32(function))
                Assert.Fail($"{function}({x[i]:R}) = {y[i]:R}: {error:F3} ulp");
        }
    }

    [Fact]
    public void Single_precision_of_two_operands_is_within_its_bound()
    {
        (double[] x, double[] y) = Samples.Pairs(200_000, 6, single: true);
        float[] fx = [.. x.Select(v => (float)v)];
        float[] fy = [.. y.Select(v => (float)v)];
        float[] power = Elementary.Run(ElementaryFunction.Pow, VectorMath.Widest, fx, fy);
        float[] angle = Elementary.Run(ElementaryFunction.Atan2, VectorMath.Widest, fx, fy);
        for (int i = 0; i < x.Length; i++)
        {
            double error = Samples.UlpError(power[i], Math.Pow(fx[i], fy[i]), 0);
            if (error > Bound32(ElementaryFunction.Pow))
                Assert.Fail($"pow({fx[i]:R}, {fy[i]:R}) = {power[i]:R}: {error:F3} ulp");
            error = Samples.UlpError(angle[i], Math.Atan2(fx[i], fy[i]), 0);
            if (error > Bound32(ElementaryFunction.Atan2))
                Assert.Fail($"atan2({fx[i]:R}, {fy[i]:R}) = {angle[i]:R}: {error:F3} ulp");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Double_precision_is_within_its_bound_of_the_golden_values(ElementaryFunction function)
    {
        Golden[] rows = [.. Table.Value[function]];
        Assert.True(rows.Length >= 200);
        foreach (Golden row in rows)
        {
            double actual = VectorMath.IsBinary(function) ? PortableScalar.Evaluate(function, row.X, row.Y) : PortableScalar.Evaluate(function, row.X);
            double error = Samples.UlpError(actual, row.High, row.Low);
            if (error > Bound64)
                Assert.Fail($"{function}({row.X:R}, {row.Y:R}) = {actual:R}, not {row.High:R}: {error:F3} ulp");
        }
    }

    private static ILookup<ElementaryFunction, Golden> ReadTable()
    {
        using Stream stream = typeof(AccuracyTests).Assembly.GetManifestResourceStream("elementary-f64.csv")!;
        using var reader = new StreamReader(stream);
        var rows = new List<(ElementaryFunction Function, Golden Row)>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            string[] cells = line.Split(',');
            rows.Add((Enum.Parse<ElementaryFunction>(cells[0]), new Golden(Parse(cells[1]), Parse(cells[2]), Parse(cells[3]), Parse(cells[4]))));
        }

        return rows.ToLookup(row => row.Function, row => row.Row);
    }

    private static double Parse(string bits) =>
        bits.Length == 0 ? 0 : BitConverter.UInt64BitsToDouble(ulong.Parse(bits, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private readonly record struct Golden(double X, double Y, double High, double Low);
}
