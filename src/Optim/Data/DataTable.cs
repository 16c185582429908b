using Engine.Tensors.IO;

namespace Engine.Optim.Data;

/// <summary>Rows of numbers with named columns as a file holds them, with or without labels, before the labels have become classes or targets.</summary>
public sealed class DataTable
{
    private readonly float[] values;
    private readonly Func<int, string>? place;

    /// <summary>A table of values.</summary>
    /// <param name="source">What messages call the file.</param>
    /// <param name="columns">The names of the feature columns.</param>
    /// <param name="values">The features row by row.</param>
    /// <param name="label">A label per row, or null.</param>
    /// <param name="image">How a row forms a picture, if it does.</param>
    /// <param name="place">How messages call a row, such as <c>line 17</c>; <c>row 16</c> when null.</param>
    /// <exception cref="DataFormatException">There are no columns or no rows, or a feature is not finite.</exception>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public DataTable(
        string source, IReadOnlyList<string> columns, float[] values, LabelColumn? label = null, ImageSize? image = null, Func<int, string>? place = null)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(values);
        if (columns.Count == 0) throw new DataFormatException($"{source}: there is no feature column beside the label");
        if (values.Length == 0) throw new DataFormatException($"{source}: no data rows");
        if (values.Length % columns.Count != 0)
            throw new ArgumentException($"{source}: {values.Length} values do not fill rows of {columns.Count}", nameof(values));
        Source = source;
        Columns = columns;
        this.values = values;
        Rows = values.Length / columns.Count;
        Label = label;
        Image = image;
        this.place = place;
        if (label is not null && label.Rows != Rows) throw new DataFormatException($"{source}: {label.Rows} labels for {Rows} rows");
        int bad = Array.FindIndex(values, v => !float.IsFinite(v));
        if (bad >= 0)
            throw new DataFormatException($"{source} {Place(bad / columns.Count)}, column '{columns[bad % columns.Count]}': not a finite 32-bit number");
    }

    /// <summary>What messages call the file.</summary>
    public string Source { get; }

    /// <summary>The names of the feature columns.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>The features row by row.</summary>
    public ReadOnlySpan<float> Values => values;

    /// <summary>A label per row, or null.</summary>
    public LabelColumn? Label { get; }

    /// <summary>How a row forms a picture, if it does.</summary>
    public ImageSize? Image { get; }

    /// <summary>The same rows with the columns in a given order, matched by name.</summary>
    /// <param name="columns">The names a model was trained on.</param>
    /// <exception cref="DataFormatException">A column is missing, or one is left over.</exception>
    public DataTable Arrange(IReadOnlyList<string> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.SequenceEqual(Columns, StringComparer.Ordinal)) return this;
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < Columns.Count; i++) places[Columns[i]] = i;

        string? missing = columns.FirstOrDefault(c => !places.ContainsKey(c));
        if (missing is not null)
            throw new DataFormatException($"{Source}: there is no column '{missing}', which the model was trained on; its columns are {Shown(columns)}");
        string? extra = Columns.Except(columns, StringComparer.Ordinal).FirstOrDefault();
        if (extra is not null)
            throw new DataFormatException($"{Source}: the model knows no column '{extra}'; remove it; its columns are {Shown(columns)}");

        int[] order = [.. columns.Select(c => places[c])];
        float[] arranged = new float[values.Length];
        for (int row = 0; row < Rows; row++)
        {
            for (int c = 0; c < order.Length; c++) arranged[row * order.Length + c] = values[row * order.Length + order[c]];
        }
        return new(Source, columns, arranged, Label, Image, place);
    }

    /// <summary>The table as data for classification.</summary>
    /// <param name="classNames">The classes a model knows; when null, the distinct labels.</param>
    /// <exception cref="DataFormatException">There are no labels, fewer than two classes, or a label that is no class.</exception>
    public DataSet ToClasses(IReadOnlyList<string>? classNames = null)
    {
        LabelColumn label = Label ?? throw new DataFormatException($"{Source}: there are no labels");
        IReadOnlyList<string> names = classNames ?? label.Distinct();
        if (classNames is null)
        {
            if (names.Count < 2)
                throw new DataFormatException($"{Source}: all rows have '{names[0]}' in column '{label.Name}', a classifier needs at least two classes");
            if (names.Count > Math.Max(10, Rows / 2))
            {
                throw new DataFormatException($"{Source}: column '{label.Name}' has {names.Count} different labels in {Rows} rows, too many for classes. "
                    + "Use --task regress, or name the label column with --label.");
            }
        }

        var index = new Dictionary<string, long>(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++) index[names[i]] = i;
        long[] labels = new long[Rows];
        for (int row = 0; row < Rows; row++)
        {
            if (!index.TryGetValue(label[row], out labels[row]))
                throw new DataFormatException($"{Source} {Place(row)}: the label '{label[row]}' is none of the model's classes ({Shown(names)})");
        }
        return DataSet.ForClasses(Source, Columns, values, labels, names, Image);
    }

    /// <summary>The table as data for regression.</summary>
    /// <exception cref="DataFormatException">There are no labels, or they are no numbers.</exception>
    public DataSet ToTargets()
    {
        LabelColumn label = Label ?? throw new DataFormatException($"{Source}: there are no labels");
        return DataSet.ForTargets(Source, Columns, values, label.ToTargets(Source, Place), Image);
    }

    /// <summary>
    /// The table as data for the task its labels suggest: texts, and whole numbers of at most 100 different values that recur, are classes;
    /// other numbers are targets.
    /// </summary>
    /// <exception cref="DataFormatException">There are no labels, or only one class.</exception>
    public DataSet ToDataSet()
    {
        LabelColumn label = Label ?? throw new DataFormatException($"{Source}: there are no labels");
        if (label.IsText) return ToClasses();
        int distinct = label.Distinct().Count;
        return label.IsWhole && distinct <= Math.Min(100, Math.Max(10, Rows / 2)) ? ToClasses() : ToTargets();
    }

    private static string Shown(IReadOnlyList<string> names) => string.Join(", ", names.Take(10)) + (names.Count > 10 ? ", ..." : "");

    private string Place(int row) => place?.Invoke(row) ?? $"row {row + 1}";
}
