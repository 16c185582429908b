using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;

namespace Engine.Checks.Tests;

/// <summary>The catalogue as theory data, and the devices the rows run on.</summary>
internal static class Rows
{
    public static TheoryData<string> All => [.. Catalogue.Rows.Select(r => r.Name)];

    public static TheoryData<string> Elementwise => [.. Catalogue.Rows.Where(r => r.Scalar is not null).Select(r => r.Name)];

    public static TheoryData<string> WithOperands => [.. Catalogue.Rows.Where(r => r.Op != "iota").Select(r => r.Name)];

    public static ReferenceDevice Reference { get; } = new();

    /// <summary>CPU devices of 1, 2, 3, 4 and 8 threads.</summary>
    public static CpuDevice[] Threads { get; } = [.. new[] { 1, 2, 3, 4, 8 }.Select(n => new CpuDevice(n))];

    /// <summary>The greatest difference relative to max(1, |value|); NaN equals NaN, an infinity only itself.</summary>
    public static double Distance(ReadOnlySpan<double> actual, ReadOnlySpan<double> expected)
    {
        if (actual.Length != expected.Length) return double.PositiveInfinity;
        double worst = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            if (actual[i] == expected[i] || (double.IsNaN(actual[i]) && double.IsNaN(expected[i]))) continue;
            double error = Math.Abs(actual[i] - expected[i]) / Math.Max(1, Math.Abs(expected[i]));
            worst = double.IsFinite(error) ? Math.Max(worst, error) : double.PositiveInfinity;
        }
        return worst;
    }
}
