using System.Text.RegularExpressions;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Checks.Tests;

/// <summary>
/// Ops on operands of the wrong element type, shape or rank either work or fail when they are called, with an exception of the engine, in one line that begins
/// with
/// the op's name; inside a trace they fail at the same place with the same words.
/// </summary>
public sealed partial class IllTypedTests(Tally tally) : IClassFixture<Tally>
{
    private static readonly DType[] Types = Enum.GetValues<DType>();

    public static TheoryData<string> WithOperands => Rows.WithOperands;

    [Theory]
    [MemberData(nameof(WithOperands))]
    public void WrongOperandsAreRefusedAtTheCall(string name)
    {
        OpInfo row = Catalogue.Find(name);
        for (int i = 0; i < Cases.Scaled(80); i++)
        {
            var g = new Generator(7, name, i);
            Sample sample = Sample.Draw(row, g);
            Tensor[] operands = sample.Copies();
            for (int n = g.Integer(1, 2); n > 0 && operands.Length > 0; n--)
            {
                int at = g.Integer(0, operands.Length - 1);
                operands[at] = Spoil(operands[at], g);
            }
            string call = $"{name}({string.Join(", ", operands.Select(o => o.Spec))}) {sample.Case.Attributes}";
            Exception? eager = Outcome(() => sample.Function(operands), call);
            Exception? traced = Outcome(() => Graph.Of("probe", Array.ConvertAll(operands, o => o.Spec), xs => [sample.Function(xs)]), call);
            // Which places an index names is known only when it has a value.
            if (eager is ShapeException && eager.Message.Contains(": index ", StringComparison.Ordinal)) continue;
            Assert.True(
                eager?.GetType() == traced?.GetType() && eager?.Message == traced?.Message,
                $"{call}: eager says '{eager?.Message}', a trace says '{traced?.Message}'.");
            tally.Add(eager is null ? "spoiled operands that still fit" : "spoiled operands refused at the call, by name, in one line");
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
            bool known = e is ShapeException or DTypeException or GradientException;
            Assert.True(known && Named().IsMatch(e.Message) && !e.Message.Contains('\n'), $"{what}: {e.GetType().Name}: {e.Message}\n{e.StackTrace}");
            return e;
        }
    }

    private static Tensor Spoil(Tensor x, Generator g)
    {
        double[] values = TypedValues.Read(x);
        Shape shape = x.Shape;
        switch (g.Integer(0, 4))
        {
            case 0: return Filled(shape, g.Pick<DType>(Types));
            case 1: return Filled(shape.Insert(g.Integer(0, shape.Rank), g.Integer(0, 3)), x.DType);
            case 2 when shape.Rank > 0: return Filled(shape.Remove(g.Integer(0, shape.Rank - 1)), x.DType);
            case 3 when shape.Rank > 0:
                int axis = g.Integer(0, shape.Rank - 1);
                return Filled(shape.With(axis, g.Integer(0, shape[axis] + 2)), x.DType);
            default: return TypedValues.Make(values, shape, x.DType);
        }
    }

    // Zeros are valid indices wherever there is an element at all.
    private static Tensor Filled(Shape shape, DType type) => TypedValues.Make(new double[shape.Count], shape, type);

    [GeneratedRegex("^[a-z][A-Za-z0-9]*: ")]
    private static partial Regex Named();
}
