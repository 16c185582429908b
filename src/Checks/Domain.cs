using System.Globalization;

namespace Engine.Checks;

/// <summary>The interval from which the values of an operand are drawn.</summary>
/// <param name="Low">Least value.</param>
/// <param name="High">Greatest value.</param>
public readonly record struct Domain(double Low, double High)
{
    /// <summary>An interval written as a pair.</summary>
    public static implicit operator Domain((double Low, double High) pair) => new(pair.Low, pair.High);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Low}, {High}]");
}

/// <summary>How the values of an operand lie to each other.</summary>
public enum Spread : byte
{
    /// <summary>Independent, uniform over the domain.</summary>
    Uniform,

    /// <summary>All different, a quarter or more apart, in random order: for ops that compare the elements of one operand.</summary>
    Distinct,

    /// <summary>On a lattice of quarters shifted by a tenth per operand: for ops that compare the elements of different operands.</summary>
    Lattice,
}
