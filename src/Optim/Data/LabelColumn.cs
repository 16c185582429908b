using System.Globalization;
using Engine.Tensors.IO;

namespace Engine.Optim.Data;

/// <summary>The label of every row as a file gives it: numbers, or names of classes.</summary>
public sealed class LabelColumn
{
    private readonly double[]? numbers;
    private readonly string[]? names;

    /// <summary>Labels that are numbers.</summary>
    /// <param name="name">The name of the column.</param>
    /// <param name="numbers">One finite number per row.</param>
    public LabelColumn(string name, double[] numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        Name = name;
        this.numbers = numbers;
    }

    /// <summary>Labels that are names of classes.</summary>
    /// <param name="name">The name of the column.</param>
    /// <param name="names">One text per row.</param>
    public LabelColumn(string name, string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        Name = name;
        this.names = names;
    }

    /// <summary>The name of the column.</summary>
    public string Name { get; }

    /// <summary>Number of labels.</summary>
    public int Rows => numbers?.Length ?? names!.Length;

    /// <summary>True for names of classes.</summary>
    public bool IsText => names is not null;

    /// <summary>True when all labels are whole numbers.</summary>
    public bool IsWhole => numbers is not null && Array.TrueForAll(numbers, n => Math.Floor(n) == n);

    /// <summary>The distinct labels: numbers by value, then texts by code point.</summary>
    public IReadOnlyList<string> Distinct() => numbers is not null
        ? [.. numbers.Distinct().Order().Select(Text)]
        : [.. names!.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The label of a row as text: numbers in the shortest form that reads back as the same value.</summary>
    public string this[int row] => names is not null ? names[row] : Text(numbers![row]);

    /// <summary>The labels as numbers.</summary>
    /// <param name="source">What messages call the file.</param>
    /// <param name="place">What messages call a row.</param>
    /// <exception cref="DataFormatException">They are texts, or too large for f32.</exception>
    public float[] ToTargets(string source, Func<int, string> place)
    {
        if (numbers is null)
            throw new DataFormatException($"{source}: the labels in '{Name}' are text, a regression needs numbers. Use --task classify or another column.");
        float[] targets = Array.ConvertAll(numbers, n => (float)n);
        int bad = Array.FindIndex(targets, t => !float.IsFinite(t));
        if (bad >= 0)
            throw new DataFormatException($"{source} {place(bad)}, column '{Name}': {Text(numbers[bad])} is too large for a 32-bit number");
        return targets;
    }

    private static string Text(double number) => (number + 0.0).ToString("R", CultureInfo.InvariantCulture);
}
