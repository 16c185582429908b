using System.Numerics;

namespace Engine.Checks;

/// <content>Fourier transforms by their definition.</content>
internal static partial class Naive
{
    /// <summary>The transform of lines along an axis of complex numbers, which are a last axis of 2.</summary>
    public static Grid Fourier(Grid x, int axis, bool backward, double scale) => Complexes(x, axis, x.Shape[axis], line =>
    {
        Complex[] y = new Complex[line.Length];
        for (int k = 0; k < y.Length; k++)
            for (int j = 0; j < y.Length; j++) y[k] += scale * line[j] * Complex.FromPolarCoordinates(1, (backward ? 2 : -2) * Math.PI * j * k / y.Length);
        return y;
    });

    /// <summary>A function of every line along an axis of complex numbers.</summary>
    public static Grid Complexes(Grid x, int axis, int length, Func<Complex[], Complex[]> f) => Grid.Build(x.Shape.With(axis, length), index =>
    {
        int[] place = [.. index];
        Complex[] line = new Complex[x.Shape[axis]];
        for (place[axis] = 0; place[axis] < line.Length; place[axis]++) line[place[axis]] = new(x[[.. place[..^1], 0]], x[[.. place[..^1], 1]]);
        Complex y = f(line)[index[axis]];
        return index[^1] == 0 ? y.Real : y.Imaginary;
    });

    /// <summary>Real numbers with a last axis of 2 for an imaginary part 0.</summary>
    public static Grid WithImaginary(Grid x) => Grid.Build(x.Shape.Insert(x.Rank, 2), index => index[^1] == 0 ? x[index.AsSpan(..^1)] : 0);

    /// <summary>The whole spectrum whose first half is given, when it belongs to real numbers.</summary>
    public static Grid WholeSpectrum(Grid x, int axis, int n) => Complexes(x, axis, n, line =>
        [.. Enumerable.Range(0, n).Select(k => 2 * k > n ? Complex.Conjugate(line[n - k]) : k == 0 || 2 * k == n ? line[k].Real : line[k])]);
}
