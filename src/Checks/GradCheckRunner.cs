using System.Diagnostics;
using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>
/// Checks rows of the catalogue in f64: values against the definition, first and second derivatives against differences of values, forward against
/// reverse mode, and batches against their examples one by one.
/// </summary>
public static class GradCheckRunner
{
    /// <summary>Most that a value may differ from the definition, relative to max(1, |value|).</summary>
    public const double ForwardTolerance = 1e-12;

    /// <summary>Most that a batched result may differ from the stacked single ones, relative to max(1, |value|).</summary>
    public const double BatchTolerance = 1e-12;

    /// <summary>Checks the rows of the catalogue that the options name.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="progress">Told after every row.</param>
    /// <param name="cancellation">Ends the run between two cases.</param>
    /// <exception cref="ArgumentException">A named row does not exist.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static CheckReport Run(CheckOptions options, IProgress<CheckProgress>? progress = null, CancellationToken cancellation = default)
    {
        List<OpInfo> rows = [];
        foreach (string name in options.Rows)
        {
            OpInfo[] found =
            [
                .. Catalogue.Rows.Where(r => r.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || r.Op.Equals(name, StringComparison.OrdinalIgnoreCase)),
            ];
            if (found.Length == 0) throw new ArgumentException($"gradcheck: no row is called '{name}'. List them with Catalogue.Rows.");
            rows.AddRange(found.Where(r => !rows.Contains(r)));
        }
        return Run(options.Rows.Count == 0 ? Catalogue.Rows : rows, options, progress, cancellation);
    }

    /// <summary>Checks rows, which need not be of the catalogue: an application's own ops, for instance.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="options">What to run; its row names are ignored.</param>
    /// <param name="progress">Told after every row.</param>
    /// <param name="cancellation">Ends the run between two cases.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static CheckReport Run(
        IReadOnlyList<OpInfo> rows, CheckOptions options, IProgress<CheckProgress>? progress = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        List<RowReport> reports = [];
        foreach (OpInfo row in rows)
        {
            var check = new RowCheck(row, options);
            for (int i = 0; i < options.Cases; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                check.Case(options.FirstCase + i);
            }
            reports.Add(check.Report());
            progress?.Report(new(reports[^1], reports.Count, rows.Count));
        }
        return new(reports, options.Seed, Stopwatch.GetElapsedTime(start));
    }
}

/// <summary>The checks of one row and what they found.</summary>
internal sealed class RowCheck(OpInfo row, CheckOptions options)
{
    private readonly List<CheckFailure> failures = [];
    private readonly HashSet<int> ranks = [];
    private double firstOrder, secondOrder, forward;
    private int cases, comparisons, largest, empty;

    public void Case(int number)
    {
        cases++;
        string detail = row.Name;
        try
        {
            var generator = new Generator(options.Seed, row.Name, number) { Smooth = row.Derivative == DerivativeCheck.Differences };
            Sample sample = Sample.Draw(row, generator);
            detail = sample.ToString();
            Note(sample);
            double error = Distance(TypedValues.Read(sample.Function(sample.Views(options.Device))), sample.Expected().Values);
            forward = Math.Max(forward, error);
            Compare("forward", error, GradCheckRunner.ForwardTolerance, number, detail);
            if (row.Derivative != DerivativeCheck.None) Derivatives(sample, number, detail);
            if (BatchCheck.Error(sample, generator, options.Device) is { } batch) Compare("vmap", batch, GradCheckRunner.BatchTolerance, number, detail);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            failures.Add(new(row.Name, e.GetType().Name, options.Seed, number, double.PositiveInfinity, 0, $"{detail}: {e.Message}"));
        }
    }

    public RowReport Report()
    {
        string shapes = $"rank {string.Join(' ', ranks.Order())}, up to {largest} elements, {empty} empty";
        return new(row, cases, comparisons, shapes, firstOrder, secondOrder, forward, failures);
    }

    /// <summary>The greatest difference, relative to max(1, |value|); equal infinities and NaN on both sides are no difference.</summary>
    internal static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        if (a.Length != b.Length) return double.PositiveInfinity;
        double worst = 0;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i].Equals(b[i]) || a[i] == b[i]) continue;
            double error = Math.Abs(a[i] - b[i]) / Math.Max(1, Math.Abs(b[i]));
            worst = double.IsFinite(error) ? Math.Max(worst, error) : double.PositiveInfinity;
        }
        return worst;
    }

    private void Derivatives(Sample sample, int number, string detail)
    {
        (Func<Tensor, Tensor> f, Tensor point) = sample.Packed(options.Device);
        int order = options.SecondOrderEvery > 0 && number % options.SecondOrderEvery == 0 ? 2 : 1;
        foreach (DerivativeError error in GradCheck.Measure(f, point, order, number, row.Derivative == DerivativeCheck.Differences))
        {
            if (error.Check.StartsWith("hvp", StringComparison.Ordinal)) secondOrder = Math.Max(secondOrder, error.Error);
            else firstOrder = Math.Max(firstOrder, error.Error);
            Compare(error.Check, error.Error, error.Tolerance, number, detail);
        }
    }

    private void Compare(string check, double error, double tolerance, int number, string detail)
    {
        comparisons++;
        if (!(error <= tolerance)) failures.Add(new(row.Name, check, options.Seed, number, error, tolerance, detail));
    }

    private void Note(Sample sample)
    {
        foreach (Operand operand in sample.Case.Operands)
        {
            ranks.Add(operand.Shape.Rank);
            largest = Math.Max(largest, operand.Shape.Count);
            if (operand.Shape.Count == 0) empty++;
        }
    }
}
