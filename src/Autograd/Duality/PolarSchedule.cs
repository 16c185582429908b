using System.Collections.Immutable;

namespace Engine.Autograd.Duality;

/// <summary>
/// Odd polynomials applied one after another to a matrix whose singular values are between 0 and 1, so that they come close to 1 while singular vectors stay. What happens to a
/// matrix is what happens to each of its singular values, so a schedule is analysed as a function of one number.
/// </summary>
public sealed class PolarSchedule
{
    // Singular values are at least so large a part of the greatest in the solution of a step; smaller ones grow as fast as these, and the steps after it are the better for it.
    private const double UsualCushion = 0.02407327424182761;

    /// <summary>A schedule of given steps.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="steps">The polynomials in order.</param>
    /// <exception cref="ArgumentException">There is no step.</exception>
    public PolarSchedule(string name, params ReadOnlySpan<PolarStep> steps)
    {
        if (steps.Length == 0) throw new ArgumentException($"polarSchedule: '{name}' has no steps. Give one at least.", nameof(steps));
        (Name, Steps) = (name, [.. steps]);
    }

    /// <summary>
    /// Five equal steps (Jordan and others 2024, "Muon"): steep at 0, but singular values end between 0.68 and 1.14 (or up to 1.21 on the way) and never come to 1.
    /// </summary>
    public static PolarSchedule Jordan { get; } = Repeated("Jordan", new(3.4445, -4.7750, 2.0315), 5);

    /// <summary>You Jiacheng's six steps, in parts of 1024.</summary>
    public static PolarSchedule Jiacheng { get; } = new(
        "Jiacheng",
        new(3955 / 1024.0, -8306 / 1024.0, 5008 / 1024.0), new(3735 / 1024.0, -6681 / 1024.0, 3463 / 1024.0), new(3799 / 1024.0, -6499 / 1024.0, 3211 / 1024.0),
        new(4019 / 1024.0, -6385 / 1024.0, 2906 / 1024.0), new(2677 / 1024.0, -3029 / 1024.0, 1162 / 1024.0), new(2172 / 1024.0, -1833 / 1024.0, 682 / 1024.0));

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The polynomials in order.</summary>
    public ImmutableArray<PolarStep> Steps { get; }

    /// <summary>Equal steps (3/2, -1/2): Newton-Schulz of second order (Kovarik 1970, Bjorck and Bowie 1971).</summary>
    /// <exception cref="ArgumentException">There is no step.</exception>
    public static PolarSchedule Cubic(int steps) => Repeated("cubic", new(1.5, -0.5), steps);

    /// <summary>Equal steps (15/8, -10/8, 3/8): Newton-Schulz of third order.</summary>
    /// <exception cref="ArgumentException">There is no step.</exception>
    public static PolarSchedule Quintic(int steps) => Repeated("quintic", new(15 / 8.0, -10 / 8.0, 3 / 8.0), steps);

    /// <summary>
    /// The quintic steps with the least worst error on [<paramref name="lower"/>, 1] (Amsel, Persson, Musco and Gower 2025, "The Polar Express"): every step is the polynomial closest to 1
    /// on the interval that the ones before it have left, by the Remez algorithm, and this greedy choice is the best of all compositions.
    /// </summary>
    /// <param name="lower">The least singular value provided for, relative to the prescale: above 0, below 1.</param>
    /// <param name="steps">How many.</param>
    /// <param name="cushion">Steps are solved for singular values that are at least so large a part of the greatest, and smaller ones follow; 0 for the least error.</param>
    /// <param name="safety">
    /// Every step but the last expects singular values up to so many times too large: 1.001 allows for rounding in f32, 1.01 for products in bf16. At 1 the polynomials are those of the
    /// paper, and rounding that takes a singular value above its interval is multiplied by every later step: a matrix of rank 1 may come out as anything.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not in its range.</exception>
    /// <exception cref="ArgumentException">There is no step.</exception>
    public static PolarSchedule Minimax(double lower, int steps, double cushion = UsualCushion, double safety = 1)
    {
        RequireLower(lower);
        if (!(cushion >= 0 && cushion < 1)) throw new ArgumentOutOfRangeException(nameof(cushion), $"polarSchedule: the cushion must be at least 0 and below 1, got {cushion}.");
        if (!(safety >= 1)) throw new ArgumentOutOfRangeException(nameof(safety), $"polarSchedule: the safety factor must be at least 1, got {safety}.");
        PolarStep[] found = MinimaxPolynomial.Steps(lower, steps, cushion);
        for (int i = 0; i < found.Length - 1; i++) found[i] = found[i].Stretched(safety);
        return new($"minimax({lower:g3})", found);
    }

    /// <summary>The cubic steps with the least worst error on [<paramref name="lower"/>, 1], in closed form (Grishina, Smirnov and Rakhuba 2025, "CANS").</summary>
    /// <param name="lower">The least singular value provided for, relative to the prescale: above 0, below 1.</param>
    /// <param name="steps">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not in its range.</exception>
    /// <exception cref="ArgumentException">There is no step.</exception>
    public static PolarSchedule MinimaxCubic(double lower, int steps)
    {
        RequireLower(lower);
        PolarStep[] found = new PolarStep[Math.Max(0, steps)];
        double a = lower, b = 1;
        for (int i = 0; i < found.Length; i++)
        {
            double sum = (a * a) + (a * b) + (b * b), cube = 2 * Math.Pow(sum / 3, 1.5), ends = a * b * (a + b);
            found[i] = new(2 * sum / (cube + ends), -2 / (cube + ends));
            double error = (cube - ends) / (cube + ends);
            (a, b) = (1 - error, 1 + error);
        }
        return new($"minimaxCubic({lower:g3})", found);
    }

    /// <summary>What becomes of a singular value.</summary>
    public double Evaluate(double sigma)
    {
        foreach (PolarStep step in Steps) sigma = step.Evaluate(sigma);
        return sigma;
    }

    /// <summary>The least and the greatest that becomes of singular values in an interval, exact but for rounding: the image of an interval is one, step by step.</summary>
    public (double Least, double Greatest) Range(double from, double to)
    {
        foreach (PolarStep step in Steps) (from, to) = step.Range(from, to);
        return (from, to);
    }

    /// <summary>The greatest distance from 1 of what becomes of singular values between <paramref name="lower"/> and 1.</summary>
    public double WorstError(double lower)
    {
        (double least, double greatest) = Range(lower, 1);
        return Math.Max(1 - least, greatest - 1);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}, {Steps.Length} steps";

    private static PolarSchedule Repeated(string name, PolarStep step, int steps) => new(name, Enumerable.Repeat(step, Math.Max(0, steps)).ToArray());

    private static void RequireLower(double lower)
    {
        if (!(lower > 0 && lower < 1)) throw new ArgumentOutOfRangeException(nameof(lower), $"polarSchedule: the least singular value must be between 0 and 1, got {lower}.");
    }
}
