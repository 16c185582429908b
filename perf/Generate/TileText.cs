using System.Globalization;
using System.Text;

namespace Engine.Perf.Generate;

/// <summary>Source text of register tiles: one method for every number of rows and vectors.</summary>
internal sealed class TileText
{
    public const int MaxRows = 8;
    public const int MaxVectors = 3;

    private readonly StringBuilder text = new();

    /// <summary>Every tile, by its rows and vectors.</summary>
    public static IEnumerable<(int Rows, int Vectors)> Tiles =>
        from rows in Enumerable.Range(1, MaxRows)
        from vectors in Enumerable.Range(1, MaxVectors)
        select (rows, vectors);

    public override string ToString() => text.ToString();

    public void Append(FormattableString lines) => text.Append(lines.ToString(CultureInfo.InvariantCulture));

    public void Line(int depth, string line) => text.Append(' ', depth * 4).Append(line).Append('\n');

    /// <summary>The cases of a switch over rows and vectors, which call the tiles of a family, and the end of its method.</summary>
    public void Cases(string family, string arguments)
    {
        foreach ((int rows, int vectors) in Tiles) Append($"            case {(rows * (MaxVectors + 1)) + vectors}: {family}{rows}x{vectors}({arguments}); break;\n");
        text.Append("            default: throw new ArgumentOutOfRangeException(nameof(rows));\n        }\n    }\n");
    }

    /// <summary>The start of a tile's method.</summary>
    public void Begin(string signature)
    {
        text.Append('\n');
        Line(1, "[MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]");
        Line(1, $"private static void {signature}");
        Line(1, "{");
    }

    /// <summary>The accumulators of a tile, set to +0.</summary>
    public static string Accumulators(int rows, int vectors) => string.Join(
        ", ", from i in Enumerable.Range(0, rows) from j in Enumerable.Range(0, vectors) select $"c{i}{j} = default");

    /// <summary>A pointer moved on by a number of strides.</summary>
    public static string Plus(string pointer, int times, string stride = "") => (times, stride) switch
    {
        (0, _) => pointer,
        (_, "") => $"{pointer} + {times}",
        (1, _) => $"{pointer} + {stride}",
        _ => $"{pointer} + {times} * {stride}",
    };
}
