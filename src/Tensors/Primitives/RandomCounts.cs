namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>
    /// Poisson numbers of a rate, as i64: the place of a uniform number of 53 bits in a table of the distribution function. The table holds the counts within
    /// 12 sqrt(rate) + 40 of the rate, beyond which less than 1e-16 of the distribution lies; it is made when the function is called.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="rate">The mean, from 0 to 1e9.</param>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ArgumentException">The rate is out of range.</exception>
    public static Tensor RandomPoisson(RandomKey key, double rate, Shape shape)
    {
        if (!(rate is >= 0 and <= 1e9)) throw new ArgumentException($"randomPoisson: the rate must lie in [0, 1e9], got {rate}.");
        int mode = (int)rate, reach = (int)(12 * Math.Sqrt(rate)) + 40, first = Math.Max(0, mode - reach);
        double[] below = new double[mode + reach + 1 - first];
        // Probabilities relative to that of the mode, from which they fall on both sides.
        below[mode - first] = 1;
        for (int k = mode + 1; k <= mode + reach; k++) below[k - first] = below[k - 1 - first] * (rate / k);
        for (int k = mode; k > first; k--) below[k - 1 - first] = below[k - first] * (k / rate);
        for (int i = 1; i < below.Length; i++) below[i] += below[i - 1];
        double total = below[^1];
        for (int i = 0; i < below.Length; i++) below[i] /= total;
        var table = new Tensor(new HostStorage(DType.F64, below), Layout.Contiguous([below.Length]), null);
        return SearchSorted(table, Unit(key, shape, DType.F64, 0), right: true) + first;
    }
}
