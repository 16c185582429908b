using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed unsafe class TileFunctionTests
{
    public static TheoryData<ElementaryFunction, DType> Functions
    {
        get
        {
            var data = new TheoryData<ElementaryFunction, DType>();
            foreach (ElementaryFunction function in Enum.GetValues<ElementaryFunction>())
            {
                data.Add(function, DType.F32);
                data.Add(function, DType.F64);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Functions))]
    public void MapsGiveTheBitsOfVectorMath(ElementaryFunction function, DType type)
    {
        var device = new CpuDevice(2);
        bool binary = VectorMath.IsBinary(function);
        foreach (int[] shape in (int[][])[[], [5], [3000], [4, 7, 3], [300, 2]])
        {
            foreach (Tensor x in Views.Of(type, shape, new Random(1)))
            {
                Tensor y = Views.Contiguous(type, shape, new Random(2));
                Expr a = Expr.Input(0, type), b = Expr.Input(1, type);
                Check(binary ? a.Apply(function, b) : a.Apply(function), x, y, null);
                if (binary)
                {
                    Check(a.Apply(function, a.Like(1.5)), x, y, 1.5);
                    Check(a.Like(0.75).Apply(function, b), y, y, 0.75);
                }
            }
        }

        void Check(Expr body, Tensor x, Tensor y, double? constant)
        {
            ulong[] first = Views.Bits(x), second = Views.Bits(y), expected = new ulong[first.Length];
            for (int i = 0; i < expected.Length; i++)
            {
                ulong[] operands = [.. body.Arguments.ToArray().Select(e => e.Op == ExprOp.Constant ? e.Bits : e.Index == 0 ? first[i] : second[i])];
                expected[i] = type == DType.F32 ? One32(function, operands) : One64(function, operands);
            }
            Views.AssertSame(expected, KernelOp.Run(device, new MapKernel(body), type, [.. x.Shape], x, y), type, $"{function}, constant {constant}");
        }
    }

    private static ulong One32(ElementaryFunction function, ulong[] operands)
    {
        float a = Numbers.F32(operands[0]), result;
        if (operands.Length == 1)
        {
            VectorMath.Unary32(function)(&a, &result, 1);
            return Numbers.Bits(result);
        }
        float b = Numbers.F32(operands[1]);
        VectorMath.Binary32(function)(&a, &b, &result, 1);
        return Numbers.Bits(result);
    }

    private static ulong One64(ElementaryFunction function, ulong[] operands)
    {
        double a = Numbers.F64(operands[0]), result;
        if (operands.Length == 1)
        {
            VectorMath.Unary64(function)(&a, &result, 1);
            return Numbers.Bits(result);
        }
        double b = Numbers.F64(operands[1]);
        VectorMath.Binary64(function)(&a, &b, &result, 1);
        return Numbers.Bits(result);
    }
}
