using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests;

/// <summary>Runs the vector loops on managed arrays, and lists what the tests go over.</summary>
internal static unsafe class Elementary
{
    public static readonly LaneWidth[] Widths =
    [
        .. new[] { LaneWidth.Scalar, LaneWidth.Bits128, LaneWidth.Bits256, LaneWidth.Bits512 }.Where(width => width <= VectorMath.Widest),
    ];

    public static TheoryData<ElementaryFunction> Unary => [.. Enum.GetValues<ElementaryFunction>().Where(f => !VectorMath.IsBinary(f))];

    public static TheoryData<ElementaryFunction> Binary => [.. Enum.GetValues<ElementaryFunction>().Where(VectorMath.IsBinary)];

    public static float[] Run(ElementaryFunction function, LaneWidth width, float[] x)
    {
        var result = new float[x.Length];
        fixed (float* px = x, pr = result)
            VectorMath.Unary32(function, width)(px, pr, x.Length);
        return result;
    }

    public static double[] Run(ElementaryFunction function, LaneWidth width, double[] x)
    {
        var result = new double[x.Length];
        fixed (double* px = x, pr = result)
            VectorMath.Unary64(function, width)(px, pr, x.Length);
        return result;
    }

    public static float[] Run(ElementaryFunction function, LaneWidth width, float[] x, float[] y)
    {
        var result = new float[x.Length];
        fixed (float* px = x, py = y, pr = result)
            VectorMath.Binary32(function, width)(px, py, pr, x.Length);
        return result;
    }

    public static double[] Run(ElementaryFunction function, LaneWidth width, double[] x, double[] y)
    {
        var result = new double[x.Length];
        fixed (double* px = x, py = y, pr = result)
            VectorMath.Binary64(function, width)(px, py, pr, x.Length);
        return result;
    }

    /// <summary>Equal bits, any NaN being equal to any other.</summary>
    public static bool Same(float a, float b) =>
        BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    /// <inheritdoc cref="Same(float, float)"/>
    public static bool Same(double a, double b) =>
        BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b) || (double.IsNaN(a) && double.IsNaN(b));
}
