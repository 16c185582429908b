using Engine.Tensors;

namespace Engine.Checks;

/// <summary>What one operand of a case may hold. Values are drawn by the <see cref="Generator"/>.</summary>
/// <param name="Shape">Axis lengths.</param>
public sealed record Operand(Shape Shape)
{
    /// <summary>An operand of a shape with values from [-2, 2].</summary>
    public static implicit operator Operand(Shape shape) => new(shape);

    /// <summary>Interval of the values; integers are drawn from it with both ends included.</summary>
    public Domain Domain { get; init; } = (-2, 2);

    /// <summary>Element type. F64 stands for every floating type: the same values are also used in narrower ones.</summary>
    public DType DType { get; init; } = DType.F64;

    /// <summary>How the values lie to each other.</summary>
    public Spread Spread { get; init; } = Spread.Uniform;

    /// <summary>Shift of a lattice, in tenths.</summary>
    public int Shift { get; init; }

    /// <summary>Values at which the op has no derivative; samples for derivatives stay 8 of the largest difference steps away.</summary>
    public IReadOnlyList<double> Kinks { get; init; } = [];

    /// <summary>Values that are mixed in now and then.</summary>
    public IReadOnlyList<double> SpecialValues { get; init; } = [];

    /// <summary>True when NaN, infinities, -0 and subnormal numbers may be mixed in to see whether they come out as defined.</summary>
    public bool TakesWild { get; init; } = true;
}
