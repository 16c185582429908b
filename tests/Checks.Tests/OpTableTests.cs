using System.Text;
using Engine.Autograd;
using Engine.Tensors;
using Engine.Testing;
using Engine.Testing.Proofs;

namespace Engine.Checks.Tests;

/// <summary>
/// docs/ops.md says of every op what was seen to hold when the table was made: derivatives against differences, batches, compiled plans, element types. Run with UPDATE_OPS_TABLE=1
/// to write it anew.
/// </summary>
public sealed class OpTableTests
{
    private const int CasesPerRow = 6;

    private const string Head = """
        # Ops

        Every public function of tensors and every layer: every row of the catalogue, in the order of `src/Checks/Catalogue`. The table is written by `OpTableTests`, which tries each entry and fails when one no longer holds.

        - **vjp, jvp**: reverse and forward products agree with differences of values and with each other; **hvp**: so do second derivatives. (adjoint): with each other only, because the derivative is defined not to be the limit of differences.
        - **vmap**: a batch gives what its examples give. **compiled**: the compiled op gives the bits of the eager one.
        - **types**: element types in which the CPU gives what the reference device gives.

        | op | vjp | jvp | hvp | vmap | compiled | types | note |
        |---|---|---|---|---|---|---|---|

        """;

    [Fact]
    public void TheTableOfOpsIsTrue()
    {
        var text = new StringBuilder(Head);
        foreach (IGrouping<string, OpInfo> op in Catalogue.Rows.GroupBy(Title)) text.Append(Line(op.Key, [.. op])).Append('\n');
        string path = Path.Combine(Repository.Root, "docs", "ops.md"), made = text.ToString();
        if (Environment.GetEnvironmentVariable("UPDATE_OPS_TABLE") == "1") File.WriteAllText(path, made);
        string[] expected = File.Exists(path) ? File.ReadAllLines(path) : [], actual = made.Split('\n')[..^1];
        Assert.True(
            expected.AsSpan().SequenceEqual(actual),
            "docs/ops.md is not what the catalogue shows. Run this test with UPDATE_OPS_TABLE=1 and look at the diff.\n"
            + string.Join('\n', actual.Except(expected).Take(10)) + "\ninstead of\n" + string.Join('\n', expected.Except(actual).Take(10)));
    }

    private static string Line(string op, OpInfo[] rows)
    {
        var entries = rows.Select(Entry).ToArray();
        string all(Func<Ticks, bool> tick, Func<Ticks, bool> applies) =>
            !entries.Any(applies) ? "-" : entries.Where(applies).All(tick) ? "yes" : entries.Any(tick) ? "partly" : "no";
        bool adjoint = rows.All(r => r.Derivative == DerivativeCheck.AdjointOnly);
        string reverse = all(t => t.Vjp, t => t.HasDerivative), second = all(t => t.Hvp, t => t.HasDerivative);
        string types = string.Join(' ', Enum.GetValues<DType>().Where(d => entries.Any(t => t.Types.Contains(d))).Select(d => d.Name()));
        string note = string.Join("; ", rows.Select(r => r.Note).Where(n => n.Length > 0).Distinct()).Replace('|', '/');
        return $"| {op} | {reverse}{(adjoint ? " (adjoint)" : "")} | {all(t => t.Jvp, t => t.HasDerivative)} | {second} | "
            + $"{all(t => t.Vmap, t => t.HasOperands)} | {all(t => t.Compiled, t => t.HasOperands)} | {types} | {note} |";
    }

    private static Ticks Entry(OpInfo row)
    {
        var ticks = new Ticks { HasDerivative = row.Derivative != DerivativeCheck.None };
        for (int i = 0; i < CasesPerRow; i++)
        {
            var g = new Generator(0, row.Name, i) { Smooth = row.Derivative == DerivativeCheck.Differences };
            Sample sample = Sample.Draw(row, g);
            ticks.HasOperands |= sample.Case.Operands.Length > 0;
            if (ticks.HasDerivative)
            {
                (Func<Tensor, Tensor> f, Tensor point) = sample.Packed();
                DerivativeError[] errors = [.. GradCheck.Measure(f, point, order: 2, i, row.Derivative == DerivativeCheck.Differences)];
                bool holds(string check) => errors.Where(e => e.Check.StartsWith(check, StringComparison.Ordinal) || e.Check is "adjoint" or "jacobian").All(e => e.Passed);
                ticks.Vjp &= holds("vjp");
                ticks.Jvp &= holds("jvp");
                ticks.Hvp &= errors.All(e => e.Passed);
            }
            if (BatchCheck.Error(sample, g) is { } batch) ticks.Vmap &= batch <= GradCheckRunner.BatchTolerance;
        }
        if (ticks.HasOperands) ticks.Compiled = Holds(() => OpProofs.Compiled(row, 3));
        foreach (DType type in Enum.GetValues<DType>())
        {
            if (Enumerable.Range(0, CasesPerRow).All(i => Agrees(row, i, type))) ticks.Types.Add(type);
        }
        return ticks;
    }

    /// <summary>True when the CPU takes the type and gives what the reference device gives.</summary>
    private static bool Agrees(OpInfo row, int number, DType type)
    {
        Sample sample = Sample.Draw(row, new Generator(0, row.Name, number));
        bool varies = sample.Case.Operands.Any(o => o.DType == DType.F64);
        DType own = sample.Case.Operands.Length == 0 ? DType.F32 : varies ? type : sample.Case.Operands[0].DType;
        if (own != type) return false;
        double tolerance = type switch { DType.F32 => row.SingleTolerance, DType.F16 => 8e-3, DType.BF16 => 6e-2, _ => 1e-12 };
        try
        {
            Tensor cpu = sample.Function(sample.Views(null, type)), reference = sample.Function(sample.Views(OpProofs.Reference, type));
            return cpu.Spec == reference.Spec && Differ.Relative(cpu, reference) <= tolerance;
        }
        catch (Exception e) when (e is DTypeException or ShapeException or GradientException)
        {
            return false;
        }
    }

    private static bool Holds(Action proof)
    {
        try
        {
            proof();
            return true;
        }
        catch (ProofException)
        {
            return false;
        }
    }

    /// <summary>The function as its public name is written; layers say that they are, because ops have some of their names.</summary>
    private static string Title(OpInfo row)
    {
        string name = string.Join('.', row.Op.Split('.').Select(part => $"{char.ToUpperInvariant(part[0])}{part[1..]}"));
        return row.Name.Contains(" layer", StringComparison.Ordinal) ? $"{name} layer" : name;
    }

    private sealed class Ticks
    {
        public bool HasDerivative { get; init; }

        public bool HasOperands { get; set; }

        public bool Vjp { get; set; } = true;

        public bool Jvp { get; set; } = true;

        public bool Hvp { get; set; } = true;

        public bool Vmap { get; set; } = true;

        public bool Compiled { get; set; } = true;

        public HashSet<DType> Types { get; } = [];
    }
}
