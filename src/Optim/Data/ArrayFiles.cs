using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Optim.Data;

/// <summary>Examples from files that hold arrays: IDX pictures with their label file, .npy tables, and .npz with features and labels.</summary>
internal static class ArrayFiles
{
    private static readonly string[] FeatureNames = ["x", "X", "features", "data", "images", "x_train", "X_train"];
    private static readonly string[] LabelNames = ["y", "labels", "label", "targets", "target", "y_train"];

    /// <summary>Pictures [rows, height, width] or [rows, height, width, channels]; the labels are found beside them by name.</summary>
    public static DataTable ReadIdx(string path, IReadOnlyList<string>? columns)
    {
        Tensor pictures = Idx.Read(path);
        string? labels = LabelFile(path);
        if (labels is null && columns is null)
        {
            throw new DataFormatException($"{path}: there is no label file beside it; "
                + "for train-images-idx3-ubyte it is train-labels-idx1-ubyte, with or without .gz");
        }
        return FromArrays(path, pictures, labels is null ? null : Idx.Read(labels), labels ?? "label");
    }

    /// <summary>A table [rows, columns] with the label in one column, the last unless it is named: c0, c1 and so on.</summary>
    public static DataTable ReadNpy(string path, string? label, IReadOnlyList<string>? columns) => FromTable(path, Npy.Read(path), label, columns);

    /// <summary>Features as x, labels as y, or names like these; or a single array, which is taken as a table.</summary>
    public static DataTable ReadNpz(string path, string? label, IReadOnlyList<string>? columns)
    {
        IReadOnlyDictionary<string, Tensor> arrays = Npz.Read(path);
        if (arrays.Count == 1 && arrays.First().Value.Rank == 2) return FromTable(path, arrays.First().Value, label, columns);
        string names = arrays.Count == 0 ? "no array" : $"the arrays {string.Join(", ", arrays.Keys.Take(10))}";
        string features = Array.Find(FeatureNames, arrays.ContainsKey)
            ?? throw new DataFormatException($"{path}: holds {names}, expected the features as one of {string.Join(", ", FeatureNames)}");
        string? target = label is null ? Array.Find(LabelNames, arrays.ContainsKey) : arrays.ContainsKey(label) ? label : null;
        if (target is null && columns is null)
        {
            string expected = label is null ? $"one of {string.Join(", ", LabelNames)}" : $"'{label}'";
            throw new DataFormatException($"{path}: holds {names}, expected the labels as {expected}");
        }
        return FromArrays(path, arrays[features], target is null ? null : arrays[target], target ?? "label");
    }

    private static DataTable FromTable(string path, Tensor table, string? label, IReadOnlyList<string>? columns)
    {
        if (table.Rank != 2) throw new DataFormatException($"{path}: the array is {table.Spec}, expected a table [rows, columns]");
        int width = table.Shape[1];
        string[] names = [.. Enumerable.Range(0, width).Select(ColumnName)];
        // The rows a model is used on may come without labels: then there are as many columns as it has features.
        int labelIndex = columns?.Count == width ? -1 : label is null ? width - 1 : Array.IndexOf(names, label);
        if (labelIndex < 0 && columns?.Count != width) throw new DataFormatException($"{path}: no column '{label}', the columns are c0 to c{width - 1}");

        float[] all = table.Cast(DType.F32).ToArray<float>();
        if (labelIndex < 0) return new(path, names, all);
        int rows = table.Shape[0];
        float[] values = new float[rows * (width - 1)];
        for (int row = 0, to = 0; row < rows; row++)
        {
            for (int c = 0; c < width; c++)
            {
                if (c != labelIndex) values[to++] = all[(row * width) + c];
            }
        }
        LabelColumn labels = Labels(path, ColumnName(labelIndex), Ops.Narrow(table, 1, labelIndex, 1));
        return new(path, [.. names.Where((_, i) => i != labelIndex)], values, labels);
    }

    private static DataTable FromArrays(string path, Tensor x, Tensor? y, string labelName)
    {
        if (x.Rank is < 2 or > 4)
            throw new DataFormatException($"{path}: the features are {x.Spec}, expected rows of numbers or of pictures, with 2 to 4 axes");
        ImageSize? image = x.Rank == 2 ? null : new(x.Shape[1], x.Shape[2], x.Rank == 4 ? x.Shape[3] : 1);
        int width = x.Shape[0] == 0 ? 0 : x.Count / x.Shape[0];
        string[] columns = [.. Enumerable.Range(0, width).Select(i => image is null ? ColumnName(i) : DataSet.PixelName(i))];
        if (columns.Length == 0) throw new DataFormatException($"{path}: the features are {x.Spec}, so there are no rows");
        return new(path, columns, x.Cast(DType.F32).ToArray<float>(), y is null ? null : Labels(path, labelName, y), image);
    }

    private static LabelColumn Labels(string path, string name, Tensor y)
    {
        double[] labels = y.Cast(DType.F64).ToArray<double>();
        int bad = Array.FindIndex(labels, l => !double.IsFinite(l));
        if (bad >= 0)
            throw new DataFormatException($"{path} row {bad + 1}: the label in '{name}' is not finite");
        return new(name, labels);
    }

    private static string ColumnName(int index) => $"c{index}";

    private static string? LabelFile(string path)
    {
        string name = Path.GetFileName(path), folder = Path.GetDirectoryName(path) ?? "";
        string labels = name;
        foreach ((string of, string with) in ((string, string)[])[("images", "labels"), ("idx3", "idx1"), ("idx4", "idx1")])
            labels = labels.Replace(of, with, StringComparison.OrdinalIgnoreCase);
        if (labels == name) return null;
        string plain = labels.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? labels[..^3] : labels;
        return Array.Find([Path.Combine(folder, labels), Path.Combine(folder, plain), Path.Combine(folder, plain + ".gz")], File.Exists);
    }
}
