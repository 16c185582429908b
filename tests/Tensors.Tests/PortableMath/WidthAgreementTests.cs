using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests;

public sealed unsafe class WidthAgreementTests
{
    private const int Count = 200_003;

    public static TheoryData<ElementaryFunction> Unary => Elementary.Unary;

    public static TheoryData<ElementaryFunction> Binary => Elementary.Binary;

    [Theory]
    [MemberData(nameof(Unary))]
    public void Unary_functions_give_the_same_bits_at_every_width(ElementaryFunction function)
    {
        float[] singles = Samples.Singles(Count, 1);
        double[] doubles = Samples.Doubles(Count, 2);
        float[] expected32 = Elementary.Run(function, LaneWidth.Scalar, singles);
        double[] expected64 = Elementary.Run(function, LaneWidth.Scalar, doubles);
        foreach (LaneWidth width in Elementary.Widths)
        {
            float[] actual32 = Elementary.Run(function, width, singles);
            for (int i = 0; i < singles.Length; i++)
                if (!Elementary.Same(expected32[i], actual32[i]))
                    Assert.Fail($"{function}({singles[i]:R}f) at {width}: {expected32[i]:R} and {actual32[i]:R}");
            double[] actual64 = Elementary.Run(function, width, doubles);
            for (int i = 0; i < doubles.Length; i++)
                if (!Elementary.Same(expected64[i], actual64[i]))
                    Assert.Fail($"{function}({doubles[i]:R}) at {width}: {expected64[i]:R} and {actual64[i]:R}");
        }
    }

    [Theory]
    [MemberData(nameof(Binary))]
    public void Binary_functions_give_the_same_bits_at_every_width(ElementaryFunction function)
    {
        (double[] x, double[] y) = Samples.Pairs(Count, 3, single: false);
        float[] fx = [.. x.Select(v => (float)v)];
        float[] fy = [.. y.Select(v => (float)v)];
        float[] expected32 = Elementary.Run(function, LaneWidth.Scalar, fx, fy);
        double[] expected64 = Elementary.Run(function, LaneWidth.Scalar, x, y);
        foreach (LaneWidth width in Elementary.Widths)
        {
            float[] actual32 = Elementary.Run(function, width, fx, fy);
            double[] actual64 = Elementary.Run(function, width, x, y);
            for (int i = 0; i < x.Length; i++)
            {
                if (!Elementary.Same(expected32[i], actual32[i]))
                    Assert.Fail($"{function}({fx[i]:R}f, {fy[i]:R}f) at {width}: {expected32[i]:R} and {actual32[i]:R}");
                if (!Elementary.Same(expected64[i], actual64[i]))
                    Assert.Fail($"{function}({x[i]:R}, {y[i]:R}) at {width}: {expected64[i]:R} and {actual64[i]:R}");
            }
        }
    }

    [Fact]
    public void Every_length_writes_its_elements_and_no_others()
    {
        float* x = stackalloc float[48];
        float* y = stackalloc float[48];
        foreach (LaneWidth width in Elementary.Widths)
        {
            for (int n = 0; n <= 40; n++)
            {
                for (int i = 0; i < 48; i++)
                {
                    x[i] = i * 0.1f;
                    y[i] = -7;
                }

                VectorMath.Unary32(ElementaryFunction.Cosh, width)(x, y, n);
                for (int i = 0; i < 48; i++)
                    Assert.Equal(i < n ? PortableScalar.Evaluate(ElementaryFunction.Cosh, x[i]) : -7, y[i]);

                VectorMath.Binary32(ElementaryFunction.Pow, width)(x, x, y, n);
                for (int i = 0; i < n; i++)
                    Assert.Equal(PortableScalar.Evaluate(ElementaryFunction.Pow, x[i], x[i]), y[i]);
            }
        }
    }

    [Fact]
    public void The_result_may_be_written_over_an_operand()
    {
        foreach (LaneWidth width in Elementary.Widths)
        {
            double[] x = Samples.Doubles(6007, 4);
            double[] y = [.. x.Reverse()];
            double[] sin = Elementary.Run(ElementaryFunction.Sin, width, x);
            double[] power = Elementary.Run(ElementaryFunction.Pow, width, x, y);
            double[] first = [.. x];
            double[] second = [.. y];
            fixed (double* px = x, pFirst = first, pSecond = second)
            {
                VectorMath.Binary64(ElementaryFunction.Pow, width)(pFirst, pSecond, pSecond, x.Length);
                VectorMath.Unary64(ElementaryFunction.Sin, width)(pFirst, pFirst, x.Length);
            }

            for (int i = 0; i < x.Length; i++)
            {
                Assert.True(Elementary.Same(sin[i], first[i]));
                Assert.True(Elementary.Same(power[i], second[i]));
            }
        }
    }

    [Fact]
    public void A_function_is_refused_where_it_takes_another_number_of_operands()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PortableScalar.Evaluate(ElementaryFunction.Pow, 1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => PortableScalar.Evaluate(ElementaryFunction.Exp, 1.0, 2.0));
    }
}
