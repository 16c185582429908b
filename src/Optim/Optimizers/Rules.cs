using Engine.Tensors;

namespace Engine.Optim;

/// <summary>Checks of what optimizers are built with.</summary>
internal static class Rules
{
    /// <summary>Finite and positive.</summary>
    public static double Positive(string optimizer, string what, double value) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentException($"{optimizer}: {what} must be finite and positive, got {value}.");

    /// <summary>Finite and not negative.</summary>
    public static double NotNegative(string optimizer, string what, double value) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentException($"{optimizer}: {what} must be finite and not negative, got {value}.");

    /// <summary>A decay of a running mean: in [0, 1).</summary>
    public static double Decay(string optimizer, string what, double value) =>
        value is >= 0 and < 1 ? value : throw new ArgumentException($"{optimizer}: {what} must lie in [0, 1), got {value}.");

    /// <summary>A number of steps: at least 1.</summary>
    public static int Steps(string schedule, string what, int value) =>
        value >= 1 ? value : throw new ArgumentException($"{schedule}: {what} must be at least 1, got {value}.");

    /// <summary>The matrix [out, rest] that a weight is read as.</summary>
    public static (int Rows, int Columns) Matrix(string optimizer, string name, Shape shape) => shape.Rank >= 2
        ? (shape[0], shape[1..].Count)
        : throw new ShapeException($"{optimizer}: weights must be matrices or kernels, got '{name}' {shape}. Give vectors another optimizer: new Grouped(..), or new WeightGroups(module).Muon(..).");
}
