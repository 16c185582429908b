using Engine.Checks;
using Engine.Tensors;

namespace Engine.Testing.Proofs;

/// <summary>How results are compared.</summary>
public static class Differ
{
    /// <summary>The greatest difference relative to max(1, |value|); NaN equals NaN, an infinity only itself.</summary>
    public static double Relative(ReadOnlySpan<double> actual, ReadOnlySpan<double> expected)
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

    /// <summary>As <see cref="Relative(ReadOnlySpan{double}, ReadOnlySpan{double})"/>, of tensors.</summary>
    public static double Relative(Tensor actual, Tensor expected) => Relative(TypedValues.Read(actual), TypedValues.Read(expected));

    /// <summary>True when element types, shapes and every bit are equal.</summary>
    public static bool SameBits(Tensor a, Tensor b) => a.Spec == b.Spec && TypedValues.Bits(a).AsSpan().SequenceEqual(TypedValues.Bits(b));
}
