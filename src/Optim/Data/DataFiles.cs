using System.Globalization;
using Engine.Tensors.IO;

namespace Engine.Optim.Data;

/// <summary>Reads tables of examples from files: .csv, IDX pictures, .npy and .npz.</summary>
public static class DataFiles
{
    /// <summary>Reads a file of any format, told by its name.</summary>
    /// <param name="path">The file; messages name it as it is given here.</param>
    /// <param name="label">The name of the label column; null for the last column of a table.</param>
    /// <param name="task">What the labels are for; null when the labels decide.</param>
    /// <param name="columns">When given, the feature columns a model was trained on: the labels may then be missing.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be read.</exception>
    /// <exception cref="DataFormatException">The content is damaged or not of a known format; the message names the place.</exception>
    public static DataTable Read(string path, string? label = null, LearningTask? task = null, IReadOnlyList<string>? columns = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new IOException($"{path}: is a folder, expected a data file");
        if (!File.Exists(path)) throw new FileNotFoundException($"{path}: no such file", path);
        string name = Path.GetFileName(path);
        if (Ends(name, ".csv")) return ReadCsv(CsvTable.Read(path), path, label, task, columns);
        if (Ends(name, ".npy")) return ArrayFiles.ReadNpy(path, label, columns);
        if (Ends(name, ".npz")) return ArrayFiles.ReadNpz(path, label, columns);
        string plain = Ends(name, ".gz") ? name[..^3] : name;
        if (Ends(plain, "-ubyte") || Ends(plain, ".idx")) return ArrayFiles.ReadIdx(path, columns);
        throw new DataFormatException($"{path}: not a known kind of file, expected .csv, .npy, .npz or IDX (-ubyte or .idx, perhaps with .gz)");
    }

    private static bool Ends(string name, string extension) => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    private static DataTable ReadCsv(CsvTable csv, string path, string? label, LearningTask? task, IReadOnlyList<string>? columns)
    {
        // A model's data may come without labels; then no column is the label.
        string last = csv.Columns[^1];
        int labelIndex = label is null
            ? columns is not null && columns.Contains(last, StringComparer.Ordinal) ? -1 : csv.Columns.Count - 1
            : columns is not null && !csv.Columns.Contains(label, StringComparer.Ordinal) ? -1 : csv.IndexOf(label);
        int[] featureIndices = [.. Enumerable.Range(0, csv.Columns.Count).Where(i => i != labelIndex)];
        float[] values = new float[csv.RowCount * featureIndices.Length];
        for (int c = 0; c < featureIndices.Length; c++)
        {
            double[] column = csv.NumericColumn(featureIndices[c]);
            for (int row = 0; row < column.Length; row++) values[row * featureIndices.Length + c] = (float)column[row];
        }
        LabelColumn? labels = labelIndex < 0 ? null : ReadLabels(csv, path, labelIndex, task);
        return new(path, [.. featureIndices.Select(i => csv.Columns[i])], values, labels, place: row => $"line {csv.LineOf(row)}");
    }

    /// <summary>
    /// Labels are numbers when all of them are, or when they must be; a table of measured numbers with one bad cell is an error, not a set of classes.
    /// </summary>
    private static LabelColumn ReadLabels(CsvTable csv, string path, int column, LearningTask? task)
    {
        string name = csv.Columns[column];
        string[] texts = csv.TextColumn(column);
        int empty = Array.FindIndex(texts, string.IsNullOrWhiteSpace);
        if (empty >= 0)
            throw new DataFormatException($"{path} line {csv.LineOf(empty)}, column '{name}': the label is empty");

        bool allNumbers = true, anyFraction = false;
        foreach (string text in texts)
        {
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)) anyFraction |= Math.Floor(number) != number;
            else allNumbers = false;
        }
        return allNumbers || anyFraction || task == LearningTask.Regress ? new(name, csv.NumericColumn(column)) : new(name, texts);
    }
}
