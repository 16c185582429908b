namespace Engine.Tensors.Cpu;

/// <summary>The elementary functions on single numbers, with the same bits as the vector loops: for folding constants.</summary>
internal static unsafe class PortableScalar
{
    /// <summary>A function of one operand.</summary>
    public static float Evaluate(ElementaryFunction function, float x)
    {
        float result;
        VectorMath.Unary32(function, LaneWidth.Scalar)(&x, &result, 1);
        return result;
    }

    /// <summary>A function of one operand.</summary>
    public static double Evaluate(ElementaryFunction function, double x)
    {
        double result;
        VectorMath.Unary64(function, LaneWidth.Scalar)(&x, &result, 1);
        return result;
    }

    /// <summary>A function of two operands.</summary>
    public static float Evaluate(ElementaryFunction function, float x, float y)
    {
        float result;
        VectorMath.Binary32(function, LaneWidth.Scalar)(&x, &y, &result, 1);
        return result;
    }

    /// <summary>A function of two operands.</summary>
    public static double Evaluate(ElementaryFunction function, double x, double y)
    {
        double result;
        VectorMath.Binary64(function, LaneWidth.Scalar)(&x, &y, &result, 1);
        return result;
    }
}
