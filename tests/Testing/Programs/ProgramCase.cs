using Engine.Tensors;
using FsCheck;
using FsCheck.Fluent;

namespace Engine.Testing.Programs;

/// <summary>A random program and an argument for it.</summary>
/// <param name="Root">The program.</param>
/// <param name="Shape">Shape of the argument, of rank 2.</param>
/// <param name="Values">The argument, row-major, in [-2, 2].</param>
public sealed record ProgramCase(ProgramNode Root, Shape Shape, double[] Values)
{
    /// <summary>The program as a function.</summary>
    public Func<Tensor, Tensor> Function => Root.Evaluate;

    /// <summary>The argument in f64.</summary>
    public Tensor Argument(Device? device = null) => Tensor.Of(Values, Shape, device);

    /// <summary>The argument in f32.</summary>
    public Tensor Single(Device? device = null) => Tensor.Of(Array.ConvertAll(Values, v => (float)v), Shape, device);

    /// <summary>Programs of 1 to 24 steps on matrices up to 4 x 4.</summary>
    /// <param name="smooth">True to leave out steps with kinks, for differences.</param>
    public static Arbitrary<ProgramCase> Arbitrary(bool smooth) => Arb.From(
        from steps in Gen.Choose(1, 24)
        from rows in Gen.Choose(1, 4)
        from columns in Gen.Choose(1, 4)
        from values in Gen.Choose(-200, 200).Select(i => i / 100.0).ArrayOf(rows * columns)
        from root in Node(steps, smooth)
        select new ProgramCase(root, [rows, columns], values),
        p => p.Shrink());

    /// <summary>Labels for the guard against trivial programs.</summary>
    public IEnumerable<string> Labels()
    {
        if (Root.Size >= 8) yield return "deep";
        if (Root.Varies) yield return "varying";
        if (Root.Uses(ProgramOp.Control)) yield return "control flow";
    }

    /// <summary>Smaller cases.</summary>
    public IEnumerable<ProgramCase> Shrink()
    {
        foreach (ProgramNode smaller in Root.Shrink()) yield return this with { Root = smaller };
        if (Shape.Count > 1) yield return new(Root, [1, 1], Values[..1]);
        for (int i = 0; i < Values.Length; i++)
        {
            double truncated = Math.Truncate(Values[i]);
            double next = truncated == Values[i] ? 0 : truncated;
            if (next == Values[i]) continue;
            double[] values = [.. Values];
            values[i] = next;
            yield return this with { Values = values };
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Root} at {Shape} [{string.Join(", ", Values)}]";

    private static Gen<ProgramNode> Node(int steps, bool smooth)
    {
        if (steps <= 1)
        {
            return Gen.Frequency(
                (5, Gen.Constant((ProgramNode)new ProgramArgument())),
                (1, Gen.Choose(-20, 20).Select(i => (ProgramNode)new ProgramConstant(i / 10.0))));
        }
        Gen<ProgramOp> op = Gen.Frequency(
            (4, Gen.Elements(ProgramOp.Elementwise.Where(o => o.Smooth || !smooth))),
            (3, Gen.Elements(ProgramOp.Structural.Where(o => o.Smooth || !smooth))),
            (1, Gen.Elements(ProgramOp.Control.Where(o => o.Smooth || !smooth))));
        return op.SelectMany(o => o.Arity switch
        {
            1 => Node(steps - 1, smooth).Select(a => (ProgramNode)new ProgramStep(o, a)),
            2 => from a in Node((steps - 1) / 2, smooth)
                 from b in Node(steps - 1 - ((steps - 1) / 2), smooth)
                 select (ProgramNode)new ProgramStep(o, a, b),
            _ => from a in Node((steps - 1) / 3, smooth)
                 from b in Node((steps - 1) / 3, smooth)
                 from c in Node(steps - 1 - (2 * ((steps - 1) / 3)), smooth)
                 select (ProgramNode)new ProgramStep(o, a, b, c),
        });
    }
}
