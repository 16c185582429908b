using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>Checks of what layers are built with and given.</summary>
internal static class Guard
{
    /// <summary>A length: at least 1.</summary>
    public static int Length(string layer, string what, int value) =>
        value >= 1 ? value : throw new ArgumentException($"{layer}: {what} must be at least 1, got {value}.");

    /// <summary>A pair of numbers, each at least a least one.</summary>
    public static Extent Extent(string layer, string what, Extent value, int least) =>
        Math.Min(value.Height, value.Width) >= least ? value : throw new ArgumentException($"{layer}: {what} must be at least {least}, got {value}.");

    /// <summary>A share of the learning: finite and not negative.</summary>
    public static double Mass(string layer, double value) =>
        value >= 0 && double.IsFinite(value) ? value : throw new ArgumentException($"{layer}: the mass must be finite and not negative, got {value}.");

    /// <summary>What is added to a variance: finite and positive.</summary>
    public static double Epsilon(string layer, double value) =>
        value > 0 && double.IsFinite(value) ? value : throw new ArgumentException($"{layer}: eps must be finite and positive, got {value}.");
}
