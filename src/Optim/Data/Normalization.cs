using Engine.Tensors;

namespace Engine.Optim.Data;

/// <summary>
/// Shifts and scales features to mean 0 and deviation 1, either column by column or with one shift and scale for all, as suits the pixels of pictures.
/// Fitted on the rows to learn from and applied to all. A column that never changes is only shifted.
/// </summary>
public sealed class Normalization
{
    private readonly double[] mean;
    private readonly double[] deviation;

    /// <summary>A normalization with known numbers.</summary>
    /// <param name="mean">What is subtracted, per column, or one number for all.</param>
    /// <param name="deviation">What is divided by: as many numbers, positive.</param>
    /// <exception cref="ArgumentException">The lists differ in length or are empty, or a number is not finite or not positive.</exception>
    public Normalization(IReadOnlyList<double> mean, IReadOnlyList<double> deviation)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(deviation);
        if (mean.Count != deviation.Count || mean.Count == 0)
            throw new ArgumentException($"normalization: {mean.Count} means for {deviation.Count} deviations", nameof(deviation));
        if (!mean.All(double.IsFinite)) throw new ArgumentException("normalization: a mean is not finite", nameof(mean));
        if (!deviation.All(d => double.IsFinite(d) && d > 0)) throw new ArgumentException("normalization: a deviation is not positive", nameof(deviation));
        this.mean = [.. mean];
        this.deviation = [.. deviation];
    }

    /// <summary>What is subtracted, per column, or one number for all.</summary>
    public IReadOnlyList<double> Mean => mean;

    /// <summary>What is divided by, per column, or one number for all.</summary>
    public IReadOnlyList<double> Deviation => deviation;

    /// <summary>
    /// Fits the normalization that suits the data: one for all values of pictures and of tables that look like pictures, else one per column.
    /// A table looks like pictures when its 16 or more columns hold whole numbers from 0 to 255 and half of the columns reach one greatest number:
    /// scaling each of their pixels by itself would blow up the noise of those that are nearly always empty.
    /// </summary>
    /// <param name="train">The rows to learn from.</param>
    public static Normalization For(DataSet train)
    {
        ArgumentNullException.ThrowIfNull(train);
        return train.Image is not null || LooksLikePictures(train) ? Shared(train.Features) : PerColumn(train.Features);
    }

    /// <summary>Fits a normalization of every column.</summary>
    /// <param name="features">The rows to learn from, [rows, columns].</param>
    public static Normalization PerColumn(Tensor features) => Fit(features, [0]);

    /// <summary>Fits one normalization for all values.</summary>
    /// <param name="features">The values to learn from, of any shape.</param>
    public static Normalization Shared(Tensor features)
    {
        ArgumentNullException.ThrowIfNull(features);
        return Fit(features.Reshape(features.Count), [0]);
    }

    /// <summary>Normalizes rows in place.</summary>
    /// <param name="values">Whole rows, one after the other.</param>
    public void Apply(Span<float> values)
    {
        for (int i = 0, column = 0; i < values.Length; i++)
        {
            values[i] = (float)((values[i] - mean[column]) / deviation[column]);
            if (++column == mean.Length) column = 0;
        }
    }

    /// <summary>Undoes <see cref="Apply"/>, up to rounding.</summary>
    /// <param name="values">Whole rows, one after the other.</param>
    public void Invert(Span<float> values)
    {
        for (int i = 0, column = 0; i < values.Length; i++)
        {
            values[i] = (float)(values[i] * deviation[column] + mean[column]);
            if (++column == mean.Length) column = 0;
        }
    }

    private static bool LooksLikePictures(DataSet data)
    {
        const int FewestPixels = 16;
        if (data.Columns.Count < FewestPixels) return false;
        foreach (float value in data.FeatureValues)
        {
            if (value is not (>= 0 and <= 255) || Math.Floor(value) != value) return false;
        }
        float[] greatest = Ops.Max(data.Features, [0]).ToArray<float>();
        return 2 * greatest.Count(g => g == greatest.Max()) >= greatest.Length;
    }

    private static Normalization Fit(Tensor features, ReadOnlySpan<int> axes)
    {
        ArgumentNullException.ThrowIfNull(features);
        Tensor wide = features.Cast(DType.F64);
        double[] mean = Ops.Mean(wide, axes).ToArray<double>();
        double[] variance = Ops.Variance(wide, axes).ToArray<double>();
        double[] deviation = new double[mean.Length];
        for (int i = 0; i < mean.Length; i++)
        {
            // Below the resolution of f32 a spread is rounding, and dividing by it would turn rounding into a signal.
            double spread = Math.Sqrt(variance[i]);
            deviation[i] = spread > 1e-7 * Math.Abs(mean[i]) ? spread : 1;
        }
        return new(mean, deviation);
    }
}
