using System.Text.RegularExpressions;
using Engine.Checks;
using Engine.Tensors;
using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;

namespace Engine.Testing.Proofs;

/// <summary>
/// What must hold for every op, proved over cases drawn from its row. The engine proves its own ops by these; an application proves its own with a row:
/// <c>OpProofs.All(new OpInfo("swish", ...))</c>. Numbers of cases are multiplied by ENGINE_CASES.
/// </summary>
public static partial class OpProofs
{
    private const double DoubleTolerance = 1e-12;

    private static readonly DType[] Floating = [DType.F64, DType.F32, DType.F16, DType.BF16];
    private static readonly DType[] Wide = [DType.F64, DType.F32];
    private static readonly DType[] Types = Enum.GetValues<DType>();

    /// <summary>The reference device.</summary>
    public static ReferenceDevice Reference { get; } = new();

    /// <summary>CPU devices of 1, 2, 3, 4 and 8 threads.</summary>
    public static IReadOnlyList<CpuDevice> Threads { get; } = [.. new[] { 1, 2, 3, 4, 8 }.Select(n => new CpuDevice(n))];

    /// <summary>Everything below that applies to the row.</summary>
    /// <param name="row">The op.</param>
    /// <exception cref="ProofException">Something does not hold; the message has the row, the case and both values.</exception>
    public static IReadOnlyList<Proof> All(OpInfo row) =>
    [
        .. Values(row), .. WildValues(row), .. Devices(row), .. Derivatives(row), .. Layouts(row), .. ThreadCounts(row), .. Compiled(row), .. Refusals(row),
        .. row.Scalar is null ? [] : SpecialValues(row),
        .. row.Scalar is null ? [] : IntegerTypes(row),
    ];

    /// <summary>The value is what the definition gives, in f64 and in f32.</summary>
    public static IReadOnlyList<Proof> Values(OpInfo row, int cases = 24)
    {
        var tally = new Tally();
        for (int i = 0; i < Cases.Scaled(cases); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(1, row.Name, i));
            Compare(tally, "forward f64 = definition", sample, sample.Views(), sample.Expected(), DoubleTolerance);
            Compare(tally, "forward f32 = definition", sample, sample.Views(null, DType.F32), Rounded(sample.Expected(DType.F32)), row.SingleTolerance);
        }
        return tally.Proofs();
    }

    /// <summary>The value is what the definition gives, with NaN, infinities, -0 and subnormals among the operands.</summary>
    public static IReadOnlyList<Proof> WildValues(OpInfo row, int cases = 12)
    {
        var tally = new Tally();
        for (int i = 0; i < Cases.Scaled(cases); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(2, row.Name, i) { Wild = true });
            Compare(tally, "NaN, infinities, -0 and subnormals = definition", sample, sample.Views(), sample.Expected(), DoubleTolerance);
        }
        return tally.Proofs();
    }

    /// <summary>The CPU and the reference device agree in every floating type.</summary>
    public static IReadOnlyList<Proof> Devices(OpInfo row, int cases = 6)
    {
        var tally = new Tally();
        for (int i = 0; i < Cases.Scaled(cases); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(3, row.Name, i));
            foreach (DType type in Floating)
            {
                double tolerance = type switch { DType.F64 => DoubleTolerance, DType.F32 => row.SingleTolerance, DType.F16 => 8e-3, _ => 6e-2 };
                Tensor reference = sample.Function(sample.Views(Reference, type)), cpu = sample.Function(sample.Views(null, type));
                Tally.Require(reference.Spec == cpu.Spec, $"{row.Name}: {sample}: the CPU gives {cpu.Spec}, the reference device {reference.Spec}.");
                double error = Differ.Relative(cpu, reference);
                Tally.Require(error <= tolerance, $"{row.Name}: case {i} in {type.Name()}: {sample}: off by {error:g3}, allowed {tolerance:g3}.");
                tally.Add($"CPU = reference device, {type.Name()}", 1, error);
            }
        }
        return tally.Proofs();
    }

    /// <summary>First and second derivatives agree with differences of values, forward with reverse mode, batches with their examples.</summary>
    public static IReadOnlyList<Proof> Derivatives(OpInfo row, int cases = 100)
    {
        var tally = new Tally();
        CheckReport report = GradCheckRunner.Run([row], new() { Cases = Math.Max(1, Cases.Scaled(cases) / row.Cost) });
        Tally.Require(report.Failures.Count == 0, string.Join('\n', report.Failures.Take(5)));
        tally.Add("gradient check, cases", report.Cases);
        tally.Add("gradient check, comparisons, worst at order 1", report.Comparisons, report.Rows.Max(r => r.FirstOrder));
        tally.Add("gradient check, cases at order 2", report.Cases / 4, report.Rows.Max(r => r.SecondOrder));
        return tally.Proofs();
    }

    /// <summary>Where the elements of an operand lie in memory changes no bit.</summary>
    public static IReadOnlyList<Proof> Layouts(OpInfo row, int cases = 24)
    {
        var tally = new Tally();
        for (int i = 0; i < Cases.Scaled(cases); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(4, row.Name, i) { Scale = i % 8 == 0 ? Scale.Large : Scale.Small });
            foreach (DType type in Wide)
            {
                Same(sample, "a view", sample.Function(sample.Views(null, type)), "a copy", sample.Function(sample.Copies(null, type)));
                tally.Add("op(view) = op(copy), bit for bit");
            }
        }
        return tally.Proofs();
    }

    /// <summary>The number of threads changes no bit.</summary>
    public static IReadOnlyList<Proof> ThreadCounts(OpInfo row, int cases = 3)
    {
        var tally = new Tally();
        for (int i = 0; i < Cases.Scaled(cases); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(5, row.Name, i) { Scale = Scale.Large });
            foreach (DType type in Wide)
            {
                Tensor first = sample.Function(sample.Views(Threads[0], type));
                foreach (CpuDevice device in Threads.Skip(1))
                {
                    Same(sample, "several threads", sample.Function(sample.Views(device, type)), "one", first);
                    tally.Add("1, 2, 3, 4 and 8 threads, bit for bit");
                }
            }
        }
        return tally.Proofs();
    }

    /// <summary>The compiled op gives the bits of the eager one.</summary>
    public static IReadOnlyList<Proof> Compiled(OpInfo row, int cases = 6)
    {
        var tally = new Tally();
        for (int i = 0; i < Cases.Scaled(cases); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(8, row.Name, i));
            if (sample.Case.Operands.Length == 0) continue;
            Compiled<TensorList, Tensor> compiled = Function.Compile<TensorList, Tensor>(list => sample.Function([.. list.Items]));
            foreach (DType type in Wide)
            {
                Tensor[] operands = sample.Views(null, type);
                Same(sample, "the compiled op", compiled.Invoke(new(operands)), "the eager one", sample.Function(operands));
                tally.Add("compiled = eager, bit for bit");
            }
        }
        return tally.Proofs();
    }

    /// <summary>An elementwise op at every combination of NaN, infinities, zeros, subnormal and greatest numbers: the table that the definition gives.</summary>
    public static IReadOnlyList<Proof> SpecialValues(OpInfo row)
    {
        var tally = new Tally();
        foreach (DType type in Wide) SpecialValueTable.Check(tally, row, type);
        return tally.Proofs();
    }

    /// <summary>An elementwise op gives on integers and bool what the reference device gives, exactly, or refuses them by name on both.</summary>
    public static IReadOnlyList<Proof> IntegerTypes(OpInfo row)
    {
        const int Count = 40;
        var tally = new Tally();
        foreach (DType type in (DType[])[DType.I32, DType.I64, DType.U8, DType.Bool])
        {
            var g = new Generator(6, row.Name, (int)type);
            double[][] values = [.. row.ScalarOperands.Select(_ => Enumerable.Range(0, Count).Select(_ => (double)Integer(g, type)).ToArray())];
            Tensor[] on(Device? device) =>
                [.. values.Select((v, i) => TypedValues.Make(v, [Count], row.ScalarOperands[i].DType == DType.Bool ? DType.Bool : type, device))];
            Tensor? cpu = Try(() => row.Function!(on(null)), out string refused), reference = Try(() => row.Function!(on(Reference)), out _);
            Tally.Require(cpu?.Spec == reference?.Spec, $"{row.Name} in {type.Name()}: the CPU gives {cpu?.Spec}, the reference device {reference?.Spec}.");
            if (cpu is null)
            {
                Tally.Require(Named().IsMatch(refused), $"{row.Name} in {type.Name()}: '{refused}' does not begin with the op.");
                tally.Add("element types refused by name");
                continue;
            }
            Tally.Require(TypedValues.Read(cpu).AsSpan().SequenceEqual(TypedValues.Read(reference!)), $"{row.Name} in {type.Name()}: the CPU and the reference device differ.");
            tally.Add($"{type.Name()} = reference device, exactly", Count);
        }
        return tally.Proofs();
    }

    /// <summary>
    /// Operands of the wrong element type, shape or rank either work or are refused when the op is called, with an exception of the engine, in one line that begins with the
    /// op's name; inside a trace at the same place with the same words.
    /// </summary>
    public static IReadOnlyList<Proof> Refusals(OpInfo row, int cases = 80)
    {
        var tally = new Tally();
        for (int i = 0; i < Cases.Scaled(cases); i++)
        {
            var g = new Generator(7, row.Name, i);
            Sample sample = Sample.Draw(row, g);
            Tensor[] operands = sample.Copies();
            for (int n = g.Integer(1, 2); n > 0 && operands.Length > 0; n--)
            {
                int at = g.Integer(0, operands.Length - 1);
                operands[at] = Spoil(operands[at], g);
            }
            string call = $"{row.Name}({string.Join(", ", operands.Select(o => o.Spec))}) {sample.Case.Attributes}";
            Exception? eager = Outcome(() => sample.Function(operands), call);
            Exception? traced = Outcome(() => Graph.Of("probe", Array.ConvertAll(operands, o => o.Spec), xs => [sample.Function(xs)]), call);
            // What depends on values is known only when there are any.
            if (eager is LinearAlgebraException) continue;
            if (eager is ShapeException && eager.Message.Contains(": index ", StringComparison.Ordinal)) continue;
            Tally.Require(
                eager?.GetType() == traced?.GetType() && eager?.Message == traced?.Message,
                $"{call}: eager says '{eager?.Message}', a trace says '{traced?.Message}'.");
            tally.Add(eager is null ? "spoiled operands that still fit" : "spoiled operands refused at the call, by name, in one line");
        }
        return tally.Proofs();
    }

    private static void Compare(Tally tally, string what, Sample sample, Tensor[] operands, Grid expected, double tolerance)
    {
        Tensor result = sample.Function(operands);
        Tally.Require(expected.Shape == result.Shape, $"{sample.Row.Name}: {sample}: the shape is {result.Shape}, by definition {expected.Shape}.");
        double error = Differ.Relative(TypedValues.Read(result), expected.Values);
        Tally.Require(error <= tolerance, $"{sample.Row.Name}: {sample}: off by {error:g3}, allowed {tolerance:g3}.");
        tally.Add(what, 1, error);
    }

    private static void Same(Sample sample, string one, Tensor a, string other, Tensor b) =>
        Tally.Require(Differ.SameBits(a, b), $"{sample.Row.Name}: {sample}: {one} and {other} differ: {a.Spec}, {b.Spec}.");

    /// <summary>The definition in double precision, rounded to f32: what is beyond its range becomes infinite.</summary>
    private static Grid Rounded(Grid grid) => new(grid.Shape, Array.ConvertAll(grid.Values.ToArray(), v => (double)(float)v));

    private static long Integer(Generator g, DType type) => type switch
    {
        DType.Bool => g.Integer(0, 1),
        DType.U8 => g.Integer(0, 255),
        DType.I32 => g.OneIn(8) ? g.Pick(int.MinValue, int.MaxValue, 0, -1) : g.Integer(-1000, 1000),
        _ => g.OneIn(8) ? g.Pick(-(1L << 52), 1L << 52, 0, -1) : g.Integer(-1000, 1000),
    };

    private static Tensor? Try(Func<Tensor> call, out string refused)
    {
        refused = "";
        try
        {
            return call();
        }
        catch (DTypeException e)
        {
            refused = e.Message;
            return null;
        }
    }

    private static Exception? Outcome(Action call, string what)
    {
        try
        {
            call();
            return null;
        }
        catch (Exception e)
        {
            // A reverse product of integers is refused by the transform, not by the op.
            bool known = e is ShapeException or DTypeException or GradientException or LinearAlgebraException;
            Tally.Require(known && Named().IsMatch(e.Message) && !e.Message.Contains('\n'), $"{what}: {e.GetType().Name}: {e.Message}\n{e.StackTrace}");
            return e;
        }
    }

    private static Tensor Spoil(Tensor x, Generator g)
    {
        Shape shape = x.Shape;
        switch (g.Integer(0, 4))
        {
            case 0: return Filled(shape, g.Pick<DType>(Types));
            case 1: return Filled(shape.Insert(g.Integer(0, shape.Rank), g.Integer(0, 3)), x.DType);
            case 2 when shape.Rank > 0: return Filled(shape.Remove(g.Integer(0, shape.Rank - 1)), x.DType);
            case 3 when shape.Rank > 0:
                int axis = g.Integer(0, shape.Rank - 1);
                return Filled(shape.With(axis, g.Integer(0, shape[axis] + 2)), x.DType);
            default: return TypedValues.Make(TypedValues.Read(x), shape, x.DType);
        }
    }

    // Zeros are valid indices wherever there is an element at all.
    private static Tensor Filled(Shape shape, DType type) => TypedValues.Make(new double[shape.Count], shape, type);

    [GeneratedRegex("^[a-z][A-Za-z0-9]*: ")]
    private static partial Regex Named();
}
