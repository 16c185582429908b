namespace Engine.Tensors.Cpu;

/// <summary>How much of a loop the just-in-time compiler takes in one method, in local variables of its own.</summary>
/// <remarks>
/// It stops to inline at 512 variables, and a step of a function that is called costs many times an inlined one. Where the variables of a function outnumber the registers by far,
/// two of them in one body are slower than two loops over tiles. The numbers are from timing sums of one to ten calls of each function.
/// </remarks>
internal static class LoopSize
{
    /// <summary>Variables of a body that compiles well.</summary>
    public const int Most = 440;

    /// <summary>Variables up to which two vectors at a time are faster than one.</summary>
    private const int MostForTwoVectors = 45;

    /// <summary>Variables of all copies of a body that reduces 64 elements in a step.</summary>
    private const int MostRepeated = 160;

    /// <summary>Variables of one copy of a body.</summary>
    public static int Of(LoopGraph graph)
    {
        int size = 0;
        foreach (LoopNode node in graph.Nodes) size += node.Op != LoopOp.Function ? 1 : node.Lane == LoopLane.F32 ? Single(node.Function) : Double(node.Function);
        return size;
    }

    /// <summary>
    /// Vectors that a step takes: one, when functions give the processor enough to do at a time, or when there are several outputs, which mostly wait for memory and often lie in the
    /// memory of inputs: the rest of a row that fills no step then goes through scratch memory, and there is less of it.
    /// </summary>
    public static int Copies(int size, int outputs) => size <= MostForTwoVectors && outputs == 1 ? 2 : 1;

    /// <summary>Whether a body may be repeated for 64 elements: a step of a loop that reduces has as many.</summary>
    public static bool FitsRepeated(int size, int copies) => size * copies <= MostRepeated;

    private static int Single(ElementaryFunction function) => function switch
    {
        ElementaryFunction.Exp or ElementaryFunction.Exp2 or ElementaryFunction.Log => 30,
        ElementaryFunction.Erf or ElementaryFunction.Atan2 => 150,
        ElementaryFunction.Erfc or ElementaryFunction.Asinh or ElementaryFunction.Acosh or ElementaryFunction.Atanh or ElementaryFunction.Pow => 230,
        _ => 48,
    };

    private static int Double(ElementaryFunction function) => function switch
    {
        ElementaryFunction.Exp or ElementaryFunction.Exp2 or ElementaryFunction.Log or ElementaryFunction.Cosh => 40,
        ElementaryFunction.Expm1 or ElementaryFunction.Log2 or ElementaryFunction.Log1p or ElementaryFunction.Asin or ElementaryFunction.Acos => 50,
        ElementaryFunction.Atan or ElementaryFunction.Sigmoid => 55,
        ElementaryFunction.Sin or ElementaryFunction.Cos or ElementaryFunction.Tan or ElementaryFunction.Tanh or ElementaryFunction.Sinh => 150,
        _ => 230,
    };
}
