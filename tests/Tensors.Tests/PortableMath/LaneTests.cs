using System.Runtime.Intrinsics;
using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests;

/// <summary>The meaning of the lane operations where instruction sets differ.</summary>
public sealed unsafe class LaneTests
{
    private static readonly double[] Values = [double.NaN, 0.0, -0.0, 1.0, -1.0, double.PositiveInfinity, double.NegativeInfinity, 5e-324, 1e300];

    [Fact]
    public void Native_minimum_and_maximum_take_the_second_operand_unless_the_comparison_holds()
    {
        Check<float, Scalar32, float, int, bool>();
        Check<float, V128F, Vector128<float>, Vector128<int>, Vector128<float>>();
        Check<float, V256F, Vector256<float>, Vector256<int>, Vector256<float>>();
        Check<float, V512F, Vector512<float>, Vector512<int>, Vector512<float>>();
        Check<double, Scalar64, double, long, bool>();
        Check<double, V128D, Vector128<double>, Vector128<long>, Vector128<double>>();
        Check<double, V256D, Vector256<double>, Vector256<long>, Vector256<double>>();
        Check<double, V512D, Vector512<double>, Vector512<long>, Vector512<double>>();
    }

    [Fact]
    public void Multiply_add_rounds_once()
    {
        // a * a = 1 + 2^-11 + 2^-24 exactly, whose last term a rounded product loses.
        float a = 1 + 1f / 4096;
        Assert.Equal(1f / (1 << 24), First<float, Scalar32, float, int, bool>(a, -(1 + 1f / 2048)));
        Assert.Equal(1f / (1 << 24), First<float, V128F, Vector128<float>, Vector128<int>, Vector128<float>>(a, -(1 + 1f / 2048)));
        Assert.Equal(1f / (1 << 24), First<float, V256F, Vector256<float>, Vector256<int>, Vector256<float>>(a, -(1 + 1f / 2048)));
        Assert.Equal(1f / (1 << 24), First<float, V512F, Vector512<float>, Vector512<int>, Vector512<float>>(a, -(1 + 1f / 2048)));
    }

    [Fact]
    public void Small_64_bit_integers_convert_exactly()
    {
        foreach (long value in new[] { 0L, 1, -1, 1023, -1074, 1L << 40, -(1L << 51), (1L << 51) - 1 })
        {
            Assert.Equal(value, Scalar64.ToFloat(value));
            Assert.Equal(value, V128D.ToFloat(Vector128.Create(value)).GetElement(1));
            Assert.Equal(value, V256D.ToFloat(Vector256.Create(value)).GetElement(3));
            Assert.Equal(value, V512D.ToFloat(Vector512.Create(value)).GetElement(7));
        }
    }

    private static void Check<T, L, F, I, M>()
        where T : unmanaged
        where L : IVectorLanes<T, F, I, M>
    {
        foreach (double a in Values)
        {
            foreach (double b in Values)
            {
                double x = ToDouble<T, L, F, I, M>(L.Constant(a));
                double y = ToDouble<T, L, F, I, M>(L.Constant(b));
                double minimum = ToDouble<T, L, F, I, M>(L.MinNative(L.Constant(a), L.Constant(b)));
                double maximum = ToDouble<T, L, F, I, M>(L.MaxNative(L.Constant(a), L.Constant(b)));
                Assert.True(Elementary.Same(x < y ? x : y, minimum), $"min({a}, {b}) in {typeof(L)}");
                Assert.True(Elementary.Same(x > y ? x : y, maximum), $"max({a}, {b}) in {typeof(L)}");
            }
        }
    }

    private static float First<T, L, F, I, M>(float a, float c)
        where T : unmanaged
        where L : IVectorLanes<T, F, I, M>
        => (float)ToDouble<T, L, F, I, M>(L.Fma(L.Constant(a), L.Constant(a), L.Constant(c)));

    private static double ToDouble<T, L, F, I, M>(F value)
        where T : unmanaged
        where L : IVectorLanes<T, F, I, M>
    {
        T* buffer = stackalloc T[16];
        L.Store(buffer, value);
        return typeof(T) == typeof(float) ? *(float*)buffer : *(double*)buffer;
    }
}
