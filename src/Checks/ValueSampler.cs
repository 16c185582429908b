using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Draws the values of an operand.</summary>
internal static class ValueSampler
{
    private const double KinkDistance = 8 * FiniteDifference.LargestStep;

    private static readonly double[] Wild = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 0.0, float.Epsilon, -float.Epsilon];

    /// <summary>Values for a number of elements of an operand.</summary>
    /// <exception cref="InvalidOperationException">Kinks leave no room in the domain.</exception>
    public static double[] Draw(Operand operand, int count, Generator g)
    {
        double[] values = new double[count];
        if (!operand.DType.IsFloating())
        {
            for (int i = 0; i < count; i++) values[i] = Math.Floor(g.Uniform(operand.Domain.Low, operand.Domain.High + 1));
            return values;
        }
        if (operand.Spread == Spread.Distinct)
        {
            for (int i = 0; i < count; i++) values[i] = (i - (count / 2)) * 0.25;
            g.Shuffle<double>(values);
        }
        else
        {
            for (int i = 0; i < count; i++) values[i] = One(operand, g);
        }
        if (!g.Wild || !operand.TakesWild) return values;
        for (int i = 0; i < count; i++)
        {
            if (g.OneIn(6)) values[i] = g.Pick<double>(Wild);
        }
        return values;
    }

    private static double One(Operand operand, Generator g)
    {
        (double low, double high) = operand.Domain;
        // A special value may lie off the lattice, next to a value of another operand.
        bool special = operand.SpecialValues.Count > 0 && !(g.Smooth && operand.Spread == Spread.Lattice);
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            double value = special && g.OneIn(8)
                ? operand.SpecialValues[g.Integer(0, operand.SpecialValues.Count - 1)]
                : operand.Spread == Spread.Lattice
                    ? (Math.Floor(g.Uniform(low, high) * 4) / 4) + (operand.Shift * 0.1)
                    : g.Uniform(low, high);
            if (!g.Smooth || operand.Kinks.All(k => Math.Abs(value - k) > KinkDistance)) return value;
        }
        throw new InvalidOperationException($"checks: kinks leave no room in the domain {operand.Domain}.");
    }
}
