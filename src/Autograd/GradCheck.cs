using System.Globalization;
using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>One comparison of a derivative check.</summary>
/// <param name="Check">What was compared: jacobian, jvp, vjp, adjoint, hvp, hvp reverse.</param>
/// <param name="Error">The worst error over all elements; infinite when something is NaN that should not be.</param>
/// <param name="Tolerance">The most that is allowed.</param>
public readonly record struct DerivativeError(string Check, double Error, double Tolerance)
{
    /// <summary>True when the error is within the tolerance.</summary>
    public bool Passed => Error <= Tolerance;
}

/// <summary>
/// Compares the derivatives of a function with differences of its values, in f64: Jacobian, forward and reverse products, their adjoint identity and, at order
/// 2,
/// Hessian-vector products of a random combination of the results, forward over reverse and reverse over reverse.
/// </summary>
/// <remarks>The function must be smooth within a sixteenth of x in every element: stay away from kinks such as the 0 of a relu.</remarks>
public static class GradCheck
{
    /// <summary>The most that a derivative may differ from differences, relative to max(1, |value|, |derivative|).</summary>
    public const double Tolerance = 1e-8;

    /// <summary>The most that the two sides of the adjoint identity may differ, relative to 1 + |Jv||w|.</summary>
    public const double AdjointTolerance = 1e-12;

    /// <summary>Up to this many elements on both sides the whole Jacobian is compared; beyond, products with random directions.</summary>
    public const int FullJacobianSide = 64;

    /// <summary>Checks the derivatives of a function and gives the worst error.</summary>
    /// <param name="f">Any function of one f64 tensor with an f64 result.</param>
    /// <param name="x">Where.</param>
    /// <param name="order">1 for first derivatives, 2 for second ones as well.</param>
    /// <param name="tolerance">The most that is allowed.</param>
    /// <returns>The worst error found.</returns>
    /// <exception cref="GradientException">An error is above the tolerance.</exception>
    public static double Check(Func<Tensor, Tensor> f, Tensor x, int order = 1, double tolerance = Tolerance)
    {
        double worst = 0;
        foreach (DerivativeError error in Measure(f, x, order, seed: 0))
        {
            double allowed = Math.Max(tolerance, error.Tolerance == AdjointTolerance ? AdjointTolerance : 0);
            if (!(error.Error <= allowed))
            {
                throw new GradientException(string.Create(CultureInfo.InvariantCulture,
                    $"gradCheck: {error.Check} is off by {error.Error:g3} at x {x.Spec}, {error.Error:g3} > {allowed:g3}. ")
                    + "A rule is wrong, or x is near a kink: keep every element 1/16 away from it.");
            }
            worst = Math.Max(worst, error.Error);
        }
        return worst;
    }

    /// <summary>All comparisons at a point.</summary>
    /// <param name="f">Any function of one f64 tensor with an f64 result.</param>
    /// <param name="x">Where.</param>
    /// <param name="order">1 for first derivatives, 2 for second ones as well.</param>
    /// <param name="seed">Chooses the random directions.</param>
    /// <param name="differences">False to compare the transforms with each other only, for functions whose derivative is not the limit of differences.</param>
    /// <param name="fullSide">Up to this many elements on both sides the whole Jacobian is compared.</param>
    /// <exception cref="DTypeException">x or the value is not f64.</exception>
    public static IReadOnlyList<DerivativeError> Measure(
        Func<Tensor, Tensor> f, Tensor x, int order, long seed, bool differences = true, int fullSide = FullJacobianSide)
    {
        if (x.DType != DType.F64) throw new DTypeException($"gradCheck: differences need f64, got {x.Spec}. Cast it: x.Cast(DType.F64).");
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, 2);
        Tensor y = f(x);
        if (y.DType != DType.F64) throw new DTypeException($"gradCheck: the function must return f64, got {y.Spec}.");
        var directions = new Directions(seed);
        double[] v = directions.Next(x.Count), w = directions.Next(y.Count);
        Tensor tangent = Tensor.Of(v, x.Shape, x.Device), cotangent = Tensor.Of(w, y.Shape, x.Device);
        double[] value = y.ToArray<double>();
        double[] jv = Transform.Jvp(f, x, tangent).Tangent.ToArray<double>();
        double[] wj = Transform.Vjp(f, x, cotangent).Cotangent.ToArray<double>();
        List<DerivativeError> errors = [new("adjoint", Adjoint(jv, w, v, wj), AdjointTolerance)];
        if (differences) FirstOrder(f, x, value, (v, jv), (w, wj), fullSide, errors);
        if (order == 2 && value.Length > 0) SecondOrder(f, x, cotangent, directions.Next(x.Count), wj, differences, errors);
        return errors;
    }

    private static void FirstOrder(
        Func<Tensor, Tensor> f, Tensor x, double[] value, (double[] V, double[] Jv) forward, (double[] W, double[] Wj) reverse, int fullSide,
        List<DerivativeError> errors)
    {
        int n = x.Count, m = value.Length;
        double[] along = FiniteDifference.Along(f, x, forward.V);
        errors.Add(new("jvp", Worst(value, forward.Jv, along), Tolerance));
        if (n > fullSide || m > fullSide)
        {
            double left = Dot(reverse.W, along), right = Dot(reverse.Wj, forward.V);
            errors.Add(new("vjp", Relative(left, right, Math.Max(Norm(along) * Norm(reverse.W), Norm(value))), Tolerance));
            return;
        }
        double[] jacobian = Transform.Jacobian(f)(x).ToArray<double>(), pulled = new double[n], column = new double[m], basis = new double[n];
        double worst = 0;
        for (int j = 0; j < n; j++)
        {
            basis[j] = 1;
            double[] difference = FiniteDifference.Along(f, x, basis);
            basis[j] = 0;
            for (int i = 0; i < m; i++) column[i] = jacobian[(i * n) + j];
            worst = Math.Max(worst, Worst(value, column, difference));
            pulled[j] = Dot(reverse.W, difference);
        }
        errors.Add(new("jacobian", worst, Tolerance));
        double scale = Norm(value);
        double vjp = 0;
        for (int j = 0; j < n; j++) vjp = Math.Max(vjp, Relative(reverse.Wj[j], pulled[j], scale));
        errors.Add(new("vjp", vjp, Tolerance));
    }

    private static void SecondOrder(
        Func<Tensor, Tensor> f, Tensor x, Tensor cotangent, double[] v, double[] gradient, bool differences, List<DerivativeError> errors)
    {
        Func<Tensor, Tensor> pull = p => Transform.Vjp(f, p, cotangent).Cotangent;
        Tensor direction = Tensor.Of(v, x.Shape, x.Device);
        double[] forward = Transform.Jvp(pull, x, direction).Tangent.ToArray<double>();
        double[] reverse = Transform.Vjp(pull, x, direction).Cotangent.ToArray<double>();
        if (differences)
        {
            double[] along = FiniteDifference.Along(pull, x, v);
            errors.Add(new("hvp", Worst(gradient, forward, along), Tolerance));
            errors.Add(new("hvp reverse", Worst(gradient, reverse, along), Tolerance));
        }
        // The Hessian is symmetric, so both modes give the same product.
        errors.Add(new("hvp symmetry", Worst(gradient, forward, reverse), Tolerance));
    }

    /// <summary>|&lt;Jv, w> - &lt;v, wJ>| / (1 + |Jv||w|).</summary>
    private static double Adjoint(double[] jv, double[] w, double[] v, double[] wj)
    {
        double error = Math.Abs(Dot(jv, w) - Dot(v, wj)) / (1 + (Norm(jv) * Norm(w)));
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    private static double Worst(double[] values, double[] exact, double[] differences)
    {
        if (exact.Length != differences.Length) return double.PositiveInfinity;
        double worst = 0;
        for (int i = 0; i < exact.Length; i++) worst = Math.Max(worst, Relative(exact[i], differences[i], i < values.Length ? values[i] : 0));
        return worst;
    }

    private static double Relative(double exact, double difference, double value)
    {
        double scale = Math.Max(Math.Max(1, Math.Abs(value)), Math.Max(Math.Abs(exact), Math.Abs(difference)));
        double error = Math.Abs(exact - difference) / scale;
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static double Norm(double[] a) => Math.Sqrt(Dot(a, a));
}

/// <summary>Random directions on multiples of 1/1024 in [-1, 1], so that every step along them in f32 is exact too.</summary>
internal sealed class Directions(long seed)
{
    private ulong state = unchecked((ulong)seed);

    public double[] Next(int count)
    {
        double[] direction = new double[count];
        for (int i = 0; i < count; i++) direction[i] = ((int)(SplitMix.Next(ref state) % 2049) - 1024) / 1024.0;
        return direction;
    }
}
