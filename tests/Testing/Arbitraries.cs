using Engine.Checks;
using Engine.Tensors;
using FsCheck;
using FsCheck.Fluent;

namespace Engine.Testing;

/// <summary>Generators of shapes and tensors, with shrinking.</summary>
public static class Arbitraries
{
    /// <summary>Shapes of rank 0 to a bound, sides 0 to 5, at most 120 elements. They shrink by losing axes and by shorter ones.</summary>
    public static Arbitrary<Shape> Shapes(int maxRank = 5) => Arb.From(ShapeGen(maxRank), ShrinkShape);

    /// <summary>f64 tensors, most of them views that do not lie row-major. They shrink to row-major, to smaller shapes and to zeros.</summary>
    /// <param name="maxRank">Greatest rank.</param>
    /// <param name="domain">Interval of the values; [-2, 2] when omitted.</param>
    public static Arbitrary<TensorCase> Tensors(int maxRank = 5, Domain? domain = null) => Arb.From(
        from shape in ShapeGen(maxRank)
        from seed in Gen.Choose(0, int.MaxValue)
        select TensorCase.Draw(shape, seed, domain ?? (-2, 2)),
        t => t.Shrink());

    private static Gen<Shape> ShapeGen(int maxRank) =>
        from rank in Gen.Choose(0, maxRank)
        from sides in Gen.Frequency((15, Gen.Choose(1, 5)), (1, Gen.Constant(0))).ArrayOf(rank)
        select Cut(sides);

    private static Shape Cut(int[] sides)
    {
        int budget = 120;
        for (int i = 0; i < sides.Length; i++)
        {
            sides[i] = Math.Min(sides[i], Math.Max(1, budget));
            budget /= Math.Max(1, sides[i]);
        }
        return Shape.Create(sides);
    }

    private static IEnumerable<Shape> ShrinkShape(Shape shape)
    {
        for (int i = 0; i < shape.Rank; i++)
        {
            yield return shape.Remove(i);
            if (shape[i] > 1) yield return shape.With(i, shape[i] - 1);
        }
    }
}

/// <summary>A generated f64 tensor: the memory and the view of it.</summary>
/// <param name="Shape">The tensor's shape.</param>
/// <param name="Memory">The values of the tensor that is viewed.</param>
/// <param name="View">How it is viewed.</param>
public sealed record TensorCase(Shape Shape, double[] Memory, View View)
{
    /// <summary>A random view with random values.</summary>
    public static TensorCase Draw(Shape shape, int seed, Domain domain)
    {
        var g = new Generator(seed, "tensor", 0);
        View view = View.Of(shape, g);
        double[] memory = new double[view.Base.Count];
        for (int i = 0; i < memory.Length; i++) memory[i] = g.Uniform(domain.Low, domain.High);
        return new(shape, memory, view);
    }

    /// <summary>The tensor.</summary>
    public Tensor ToTensor(Device? device = null) => View.Apply(Tensor.Of(Memory, View.Base, device));

    /// <summary>The same values, row-major.</summary>
    public Tensor ToCopy(Device? device = null) => Tensor.Of(ToTensor().ToArray<double>(), Shape, device);

    /// <summary>Smaller cases.</summary>
    public IEnumerable<TensorCase> Shrink()
    {
        if (View.Name != "row-major") yield return new(Shape, ToTensor().ToArray<double>(), new("row-major", Shape, x => x));
        for (int i = 0; i < Memory.Length; i++)
        {
            if (Memory[i] == 0) continue;
            double[] fewer = [.. Memory];
            fewer[i] = Math.Truncate(Memory[i]) == Memory[i] ? 0 : Math.Truncate(Memory[i]);
            yield return this with { Memory = fewer };
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Shape} {View.Name} over [{string.Join(", ", Memory)}]";
}
