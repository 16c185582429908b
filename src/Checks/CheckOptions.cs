using Engine.Tensors;

namespace Engine.Checks;

/// <summary>What a gradient check runs over.</summary>
public sealed record CheckOptions
{
    /// <summary>Cases per row.</summary>
    public int Cases { get; init; } = 200;

    /// <summary>Number of the first case: a failing case is repeated with its number here and <see cref="Cases"/> = 1.</summary>
    public int FirstCase { get; init; }

    /// <summary>Seed of all shapes and values.</summary>
    public long Seed { get; init; }

    /// <summary>Which rows: the name of one (<c>pow cube</c>), or of a function for all of its rows (<c>pow</c>); all when empty.</summary>
    public IReadOnlyList<string> Rows { get; init; } = [];

    /// <summary>Second derivatives are checked in every one of this many cases; 0 leaves them out.</summary>
    public int SecondOrderEvery { get; init; } = 4;

    /// <summary>Where the ops run; the default CPU when null.</summary>
    public Device? Device { get; init; }
}
