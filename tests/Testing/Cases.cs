using System.Globalization;

namespace Engine.Testing;

/// <summary>
/// How many cases tests run. The numbers in the tests suit a quick run; the environment variable ENGINE_CASES multiplies them for a long one.
/// </summary>
public static class Cases
{
    /// <summary>The multiplier.</summary>
    public static double Factor { get; } =
        double.TryParse(Environment.GetEnvironmentVariable("ENGINE_CASES"), CultureInfo.InvariantCulture, out double factor) ? factor : 1;

    /// <summary>A number of cases, multiplied; at least 1.</summary>
    public static int Scaled(int cases) => Math.Max(1, (int)Math.Round(cases * Factor));
}
