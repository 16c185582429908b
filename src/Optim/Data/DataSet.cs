using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Engine.Tensors;

namespace Engine.Optim.Data;

/// <summary>
/// Examples to learn from: a row of f32 features each, and either a class or a number to predict. Immutable.
/// </summary>
public sealed class DataSet
{
    private readonly float[] features;
    private readonly long[]? labels;
    private readonly float[]? targets;

    private DataSet(
        string name, IReadOnlyList<string> columns, float[] features, long[]? labels, float[]? targets, IReadOnlyList<string> classNames, ImageSize? image)
    {
        ArgumentNullException.ThrowIfNull(columns);
        Rows = labels?.Length ?? targets!.Length;
        if (features.Length != (long)Rows * columns.Count)
            throw new ArgumentException($"{name}: {features.Length} features do not fill {Rows} rows of {columns.Count} columns", nameof(features));
        if (image is { } size && size.Count != columns.Count)
            throw new ArgumentException($"{name}: pictures of {size} have {size.Count} values, a row has {columns.Count}", nameof(image));
        Name = name;
        Columns = columns;
        ClassNames = classNames;
        Image = image;
        this.features = features;
        this.labels = labels;
        this.targets = targets;
    }

    /// <summary>What messages call the data.</summary>
    public string Name { get; }

    /// <summary>The names of the features.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Number of examples.</summary>
    public int Rows { get; }

    /// <summary>The names of the classes; empty when numbers are to be predicted.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>True when classes are to be predicted, false for numbers.</summary>
    public bool IsClassification => labels is not null;

    /// <summary>How a row forms a picture, if it does.</summary>
    public ImageSize? Image { get; }

    /// <summary>The features as f32[rows, columns], sharing memory.</summary>
    public Tensor Features => Tensor.Wrap(features, [Rows, Columns.Count]);

    /// <summary>The features row by row.</summary>
    public ReadOnlySpan<float> FeatureValues => features;

    /// <summary>The class of every row, from 0; empty when numbers are to be predicted.</summary>
    public ReadOnlySpan<long> Labels => labels;

    /// <summary>The number to predict for every row; empty when classes are to be predicted.</summary>
    public ReadOnlySpan<float> Targets => targets;

    /// <summary>Data for classification.</summary>
    /// <param name="name">What messages call the data.</param>
    /// <param name="columns">The names of the features.</param>
    /// <param name="features">The features row by row; not copied.</param>
    /// <param name="labels">The class of every row, from 0; not copied.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="image">How a row forms a picture, if it does.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together, or a label is no class.</exception>
    public static DataSet ForClasses(
        string name, IReadOnlyList<string> columns, float[] features, long[] labels, IReadOnlyList<string> classNames, ImageSize? image = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        int bad = Array.FindIndex(labels, l => l < 0 || l >= classNames.Count);
        if (bad >= 0)
            throw new ArgumentException($"{name}: row {bad} has the label {labels[bad]}, there are {classNames.Count} classes, counted from 0", nameof(labels));
        return new(name, columns, features, labels, null, classNames, image);
    }

    /// <summary>Data for regression.</summary>
    /// <param name="name">What messages call the data.</param>
    /// <param name="columns">The names of the features.</param>
    /// <param name="features">The features row by row; not copied.</param>
    /// <param name="targets">The number to predict for every row; not copied.</param>
    /// <param name="image">How a row forms a picture, if it does.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static DataSet ForTargets(string name, IReadOnlyList<string> columns, float[] features, float[] targets, ImageSize? image = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(targets);
        return new(name, columns, features, null, targets, [], image);
    }

    /// <summary>The built-in digits: the first pictures of one set, 16x16 grey values each.</summary>
    /// <param name="count">How many pictures.</param>
    /// <param name="seed">Which set.</param>
    public static DataSet OfDigits(int count, long seed = 0)
    {
        (float[] pixels, int[] digits) = Digits.Generate(seed, count);
        string[] columns = [.. Enumerable.Range(0, Digits.Side * Digits.Side).Select(PixelName)];
        string[] classes = [.. Enumerable.Range(0, Digits.Classes).Select(i => $"{i}")];
        return ForClasses("digits", columns, pixels, Array.ConvertAll(digits, d => (long)d), classes, new(Digits.Side, Digits.Side));
    }

    /// <summary>The name of a feature that is a pixel and has no name of its own.</summary>
    internal static string PixelName(int index) => $"pixel{index}";

    /// <summary>Some of the rows, in the order given.</summary>
    public DataSet Select(ReadOnlySpan<long> rows)
    {
        int width = Columns.Count;
        float[] chosen = new float[rows.Length * width];
        CopyFeatures(rows, chosen);
        if (labels is not null)
        {
            long[] picked = new long[rows.Length];
            for (int i = 0; i < picked.Length; i++) picked[i] = labels[rows[i]];
            return new(Name, Columns, chosen, picked, null, ClassNames, Image);
        }
        float[] numbers = new float[rows.Length];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = targets![rows[i]];
        return new(Name, Columns, chosen, null, numbers, ClassNames, Image);
    }

    /// <summary>The same labels with features that were mapped in place.</summary>
    /// <param name="map">Changes a copy of the features.</param>
    public DataSet MapFeatures(Action<Span<float>> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        float[] copy = [.. features];
        map(copy);
        return new(Name, Columns, copy, labels, targets, ClassNames, Image);
    }

    /// <summary>The same features with targets that were mapped in place; the data itself when it has classes.</summary>
    /// <param name="map">Changes a copy of the targets.</param>
    public DataSet MapTargets(Action<Span<float>> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (targets is null) return this;
        float[] copy = [.. targets];
        map(copy);
        return new(Name, Columns, features, null, copy, ClassNames, Image);
    }

    /// <summary>The same rows seen as pictures of a size.</summary>
    /// <exception cref="ArgumentException">The size does not fit the number of features.</exception>
    public DataSet WithImage(ImageSize image) => new(Name, Columns, features, labels, targets, ClassNames, image);

    /// <summary>Copies the features of some rows one after the other. Allocates nothing.</summary>
    public void CopyFeatures(ReadOnlySpan<long> rows, Span<float> destination)
    {
        int width = Columns.Count;
        for (int i = 0; i < rows.Length; i++) features.AsSpan((int)rows[i] * width, width).CopyTo(destination[(i * width)..]);
    }

    /// <summary>A SHA-256 over names, features and labels, in hexadecimal: equal for equal data.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', [.. Columns, "", .. ClassNames])));
        hash.AppendData(MemoryMarshal.AsBytes(FeatureValues));
        hash.AppendData(MemoryMarshal.AsBytes(Labels));
        hash.AppendData(MemoryMarshal.AsBytes(Targets));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
