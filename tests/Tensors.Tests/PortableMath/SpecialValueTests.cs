using Engine.Tensors.Cpu;
using static Engine.Tensors.ElementaryFunction;

namespace Engine.Tensors.Tests;

public sealed class SpecialValueTests
{
    private const double Inf = double.PositiveInfinity;
    private const double NaN = double.NaN;

    public static TheoryData<ElementaryFunction, double, double> Exact => new()
    {
        { Exp, 0, 1 }, { Exp, -0.0, 1 }, { Exp, Inf, Inf }, { Exp, -Inf, 0 }, { Exp, 1e30, Inf }, { Exp, -1e30, 0 }, { Exp, NaN, NaN },
        { Exp2, 0, 1 }, { Exp2, 10, 1024 }, { Exp2, -3, 0.125 }, { Exp2, Inf, Inf }, { Exp2, -Inf, 0 }, { Exp2, NaN, NaN },
        { Expm1, 0, 0 }, { Expm1, -0.0, -0.0 }, { Expm1, Inf, Inf }, { Expm1, -Inf, -1 }, { Expm1, -1e30, -1 }, { Expm1, NaN, NaN },
        { Log, 1, 0 }, { Log, 0, -Inf }, { Log, -0.0, -Inf }, { Log, -1, NaN }, { Log, Inf, Inf }, { Log, -Inf, NaN }, { Log, NaN, NaN },
        { Log2, 1, 0 }, { Log2, 8, 3 }, { Log2, 0.25, -2 }, { Log2, 0, -Inf }, { Log2, -1, NaN }, { Log2, Inf, Inf }, { Log2, NaN, NaN },
        { Log1p, 0, 0 }, { Log1p, -0.0, -0.0 }, { Log1p, -1, -Inf }, { Log1p, -2, NaN }, { Log1p, Inf, Inf }, { Log1p, -Inf, NaN }, { Log1p, NaN, NaN },
        { Tanh, 0, 0 }, { Tanh, -0.0, -0.0 }, { Tanh, Inf, 1 }, { Tanh, -Inf, -1 }, { Tanh, 50, 1 }, { Tanh, NaN, NaN },
        { Sigmoid, 0, 0.5 }, { Sigmoid, -0.0, 0.5 }, { Sigmoid, Inf, 1 }, { Sigmoid, -Inf, 0 }, { Sigmoid, 100, 1 }, { Sigmoid, NaN, NaN },
        { Erf, 0, 0 }, { Erf, -0.0, -0.0 }, { Erf, Inf, 1 }, { Erf, -Inf, -1 }, { Erf, 7, 1 }, { Erf, NaN, NaN },
        { Erfc, 0, 1 }, { Erfc, Inf, 0 }, { Erfc, -Inf, 2 }, { Erfc, 30, 0 }, { Erfc, -30, 2 }, { Erfc, NaN, NaN },
        { Sin, 0, 0 }, { Sin, -0.0, -0.0 }, { Sin, Inf, NaN }, { Sin, -Inf, NaN }, { Sin, NaN, NaN },
        { Cos, 0, 1 }, { Cos, -0.0, 1 }, { Cos, Inf, NaN }, { Cos, -Inf, NaN }, { Cos, NaN, NaN },
        { Tan, 0, 0 }, { Tan, -0.0, -0.0 }, { Tan, Inf, NaN }, { Tan, -Inf, NaN }, { Tan, NaN, NaN },
        { Asin, 0, 0 }, { Asin, -0.0, -0.0 }, { Asin, 1, Math.PI / 2 }, { Asin, -1, -Math.PI / 2 }, { Asin, 1.1, NaN }, { Asin, -Inf, NaN }, { Asin, NaN, NaN },
        { Acos, 1, 0 }, { Acos, 0, Math.PI / 2 }, { Acos, -1, Math.PI }, { Acos, 1.1, NaN }, { Acos, -1.1, NaN }, { Acos, NaN, NaN },
        { Atan, 0, 0 }, { Atan, -0.0, -0.0 }, { Atan, Inf, Math.PI / 2 }, { Atan, -Inf, -Math.PI / 2 }, { Atan, NaN, NaN },
        { Sinh, 0, 0 }, { Sinh, -0.0, -0.0 }, { Sinh, Inf, Inf }, { Sinh, -Inf, -Inf }, { Sinh, 1000, Inf }, { Sinh, NaN, NaN },
        { Cosh, 0, 1 }, { Cosh, Inf, Inf }, { Cosh, -Inf, Inf }, { Cosh, -1000, Inf }, { Cosh, NaN, NaN },
        { Asinh, 0, 0 }, { Asinh, -0.0, -0.0 }, { Asinh, Inf, Inf }, { Asinh, -Inf, -Inf }, { Asinh, NaN, NaN },
        { Acosh, 1, 0 }, { Acosh, 0.5, NaN }, { Acosh, -2, NaN }, { Acosh, Inf, Inf }, { Acosh, -Inf, NaN }, { Acosh, NaN, NaN },
        { Atanh, 0, 0 }, { Atanh, -0.0, -0.0 }, { Atanh, 1, Inf }, { Atanh, -1, -Inf }, { Atanh, 1.5, NaN }, { Atanh, -Inf, NaN }, { Atanh, NaN, NaN },
    };

    public static TheoryData<ElementaryFunction> OddFunctions => [Tanh, Erf, Sin, Tan, Asin, Atan, Sinh, Asinh, Atanh];

    /// <summary>Functions that never decrease, checked over sorted arguments from their domain.</summary>
    public static TheoryData<ElementaryFunction, double, double> Increasing => new()
    {
        { Exp, -104, 89 }, { Exp2, -150, 128 }, { Expm1, -20, 88 }, { Log, 0, 1e30 }, { Log2, 0, 1e30 }, { Log1p, -1, 1e30 }, { Tanh, -10, 10 },
        { Sigmoid, -100, 20 }, { Erf, -4, 4 }, { Asin, -1, 1 }, { Atan, -100, 100 }, { Sinh, -80, 80 }, { Asinh, -1e10, 1e10 }, { Acosh, 1, 1e10 },
        { Atanh, -1, 1 },
    };

    [Theory]
    [MemberData(nameof(Exact))]
    public void Special_values_are_exact(ElementaryFunction function, double x, double expected)
    {
        if (!Elementary.Same((float)expected, PortableScalar.Evaluate(function, (float)x)))
            Assert.Fail($"f32: {PortableScalar.Evaluate(function, (float)x):R}");
        if (!Elementary.Same(expected, PortableScalar.Evaluate(function, x)))
            Assert.Fail($"f64: {PortableScalar.Evaluate(function, x):R}");
    }

    [Fact]
    public void Power_has_the_special_cases_of_the_standard_library()
    {
        double[] values = [0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 2.5, Inf, -Inf, NaN, 1e30, -1e30, 16777215, 4503599627370497, 1e-30];
        foreach (double x in values)
        {
            foreach (double y in values)
            {
                double expected = Math.Pow(x, y);
                if (double.IsFinite(expected) && expected != 0 && Math.Abs(expected) != 1)
                    continue;
                if (!Elementary.Same(expected, PortableScalar.Evaluate(Pow, x, y)))
                    Assert.Fail($"pow({x:R}, {y:R}) is {expected:R}");
                float single = MathF.Pow((float)x, (float)y);
                if (!float.IsFinite(single) || single == 0)
                    if (!Elementary.Same(single, PortableScalar.Evaluate(Pow, (float)x, (float)y)))
                        Assert.Fail($"pow({x:R}f, {y:R}f) is {single:R}");
            }
        }
    }

    [Fact]
    public void Powers_of_small_integers_are_exact()
    {
        for (int x = -12; x <= 12; x++)
        {
            for (int y = 0; y <= 6; y++)
            {
                double expected = Math.Pow(x, y);
                Assert.Equal(expected, PortableScalar.Evaluate(Pow, (double)x, (double)y));
                Assert.Equal((float)expected, PortableScalar.Evaluate(Pow, (float)x, (float)y));
            }
        }
    }

    [Fact]
    public void Angles_have_the_special_cases_of_the_standard_library()
    {
        double[] values = [0, -0.0, 1, -1, Inf, -Inf, NaN, double.Epsilon, -double.Epsilon, double.MaxValue];
        foreach (double y in values)
        {
            foreach (double x in values)
            {
                if (!Elementary.Same(Math.Atan2(y, x), PortableScalar.Evaluate(Atan2, y, x)))
                    Assert.Fail($"atan2({y:R}, {x:R}) is {Math.Atan2(y, x):R}");
                float expected = (float)Math.Atan2((float)y, (float)x);
                if (!Elementary.Same(expected, PortableScalar.Evaluate(Atan2, (float)y, (float)x)))
                    Assert.Fail($"atan2({y:R}f, {x:R}f) is {expected:R}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(OddFunctions))]
    public void Odd_functions_are_exactly_odd(ElementaryFunction function)
    {
        float[] x = Samples.Singles(50_000, 7);
        float[] positive = Elementary.Run(function, VectorMath.Widest, x);
        float[] negative = Elementary.Run(function, VectorMath.Widest, [.. x.Select(v => -v)]);
        double[] x64 = Samples.Doubles(50_000, 8);
        double[] positive64 = Elementary.Run(function, VectorMath.Widest, x64);
        double[] negative64 = Elementary.Run(function, VectorMath.Widest, [.. x64.Select(v => -v)]);
        for (int i = 0; i < x.Length; i++)
            if (!Elementary.Same(-positive[i], negative[i]))
                Assert.Fail($"{function}({x[i]:R}f)");
        for (int i = 0; i < x64.Length; i++)
            if (!Elementary.Same(-positive64[i], negative64[i]))
                Assert.Fail($"{function}({x64[i]:R})");
    }

    [Theory]
    [MemberData(nameof(Increasing))]
    public void Increasing_functions_do_not_fall_by_more_than_rounding(ElementaryFunction function, double low, double high)
    {
        float[] x = [.. Samples.Singles(100_000, 9).Where(v => v > low && v < high).Order()];
        float[] y = Elementary.Run(function, VectorMath.Widest, x);
        for (int i = 1; i < x.Length; i++)
            if (!(y[i] >= y[i - 1] || MathF.BitIncrement(MathF.BitIncrement(y[i])) >= y[i - 1]))
                Assert.Fail($"{function} falls at {x[i]:R}: {y[i - 1]:R}, {y[i]:R}");
    }
}
