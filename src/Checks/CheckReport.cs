using System.Globalization;

namespace Engine.Checks;

/// <summary>A comparison that failed, with what repeats it.</summary>
/// <param name="Row">Name of the row.</param>
/// <param name="Check">What was compared: forward, jacobian, jvp, vjp, adjoint, hvp, hvp reverse, hvp symmetry, vmap; or the exception's name.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Case">Number of the case.</param>
/// <param name="Error">The error; infinite for an exception or a NaN.</param>
/// <param name="Tolerance">The most that is allowed.</param>
/// <param name="Detail">Operands and attributes, or the exception's message.</param>
public sealed record CheckFailure(string Row, string Check, long Seed, int Case, double Error, double Tolerance, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Row}: {Check} off by {Error:g3}, allowed {Tolerance:g3}; {Detail}. Repeat with row '{Row}', seed {Seed}, case {Case}.");
}

/// <summary>What was checked of one row.</summary>
/// <param name="Row">The row.</param>
/// <param name="Cases">Cases drawn.</param>
/// <param name="Comparisons">Comparisons made.</param>
/// <param name="Shapes">What shapes were tried.</param>
/// <param name="FirstOrder">Worst error of values against differences at order 1; 0 when there is no derivative.</param>
/// <param name="SecondOrder">The same at order 2.</param>
/// <param name="Forward">Worst error of values against the definition.</param>
/// <param name="Failures">What failed.</param>
public sealed record RowReport(
    OpInfo Row, int Cases, int Comparisons, string Shapes, double FirstOrder, double SecondOrder, double Forward, IReadOnlyList<CheckFailure> Failures);

/// <summary>What was checked of all rows.</summary>
/// <param name="Rows">Row by row.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record CheckReport(IReadOnlyList<RowReport> Rows, long Seed, TimeSpan Elapsed)
{
    /// <summary>Cases drawn.</summary>
    public int Cases => Rows.Sum(r => r.Cases);

    /// <summary>Comparisons made.</summary>
    public int Comparisons => Rows.Sum(r => r.Comparisons);

    /// <summary>Everything that failed.</summary>
    public IReadOnlyList<CheckFailure> Failures => [.. Rows.SelectMany(r => r.Failures)];

    /// <summary>Worst error of a derivative, of any order.</summary>
    public double WorstError => Rows.Count == 0 ? 0 : Rows.Max(r => Math.Max(r.FirstOrder, r.SecondOrder));

    /// <summary>The result in one line.</summary>
    public string Summary => string.Create(CultureInfo.InvariantCulture,
        $"{Failures.Count} failures of {Comparisons} comparisons in {Cases} cases of {Rows.Count} rows; ")
        + string.Create(CultureInfo.InvariantCulture, $"worst derivative error {WorstError:g3}; seed {Seed}; {Elapsed.TotalSeconds:f1} s");
}

/// <summary>How far a run has come.</summary>
/// <param name="Row">The row just finished.</param>
/// <param name="Done">Rows finished.</param>
/// <param name="Total">Rows in all.</param>
public readonly record struct CheckProgress(RowReport Row, int Done, int Total);
