using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>How many bits of elements one step of a loop works on.</summary>
internal enum LaneWidth
{
    Scalar = 0,
    Bits128 = 128,
    Bits256 = 256,
    Bits512 = 512,
}

/// <summary>
/// The elementary functions as loops over contiguous arrays: <c>f(x, y, n)</c> writes y[i] = f(x[i]). The result may be written over an
/// operand. Every width gives the same bits.
/// </summary>
internal static unsafe partial class VectorMath
{
    /// <summary>The width used where none is asked for.</summary>
    public static LaneWidth Widest => (LaneWidth)SimdWidth.Elementwise;

    /// <summary>Whether the function takes two operands.</summary>
    public static bool IsBinary(ElementaryFunction function) => function is ElementaryFunction.Pow or ElementaryFunction.Atan2;

    /// <summary>The loop (x, result, count) of a function of one operand.</summary>
    public static delegate*<float*, float*, nint, void> Unary32(ElementaryFunction function) => Unary32(function, Widest);

    /// <summary>As <see cref="Unary32(ElementaryFunction)"/>, at a given width; widths that the hardware lacks work, slowly.</summary>
    public static delegate*<float*, float*, nint, void> Unary32(ElementaryFunction function, LaneWidth width) => width switch
    {
        LaneWidth.Scalar => Unary<float, Scalar32, float, int, bool>(function),
        LaneWidth.Bits128 => Unary<float, V128F, Vector128<float>, Vector128<int>, Vector128<float>>(function),
        LaneWidth.Bits256 => Unary<float, V256F, Vector256<float>, Vector256<int>, Vector256<float>>(function),
        LaneWidth.Bits512 => Unary<float, V512F, Vector512<float>, Vector512<int>, Vector512<float>>(function),
        _ => throw new ArgumentOutOfRangeException(nameof(width)),
    };

    /// <summary>The loop (x, result, count) of a function of one operand.</summary>
    public static delegate*<double*, double*, nint, void> Unary64(ElementaryFunction function) => Unary64(function, Widest);

    /// <summary>As <see cref="Unary64(ElementaryFunction)"/>, at a given width.</summary>
    public static delegate*<double*, double*, nint, void> Unary64(ElementaryFunction function, LaneWidth width) => width switch
    {
        LaneWidth.Scalar => Unary<double, Scalar64, double, long, bool>(function),
        LaneWidth.Bits128 => Unary<double, V128D, Vector128<double>, Vector128<long>, Vector128<double>>(function),
        LaneWidth.Bits256 => Unary<double, V256D, Vector256<double>, Vector256<long>, Vector256<double>>(function),
        LaneWidth.Bits512 => Unary<double, V512D, Vector512<double>, Vector512<long>, Vector512<double>>(function),
        _ => throw new ArgumentOutOfRangeException(nameof(width)),
    };

    /// <summary>The loop (first operand, second operand, result, count) of a function of two operands.</summary>
    public static delegate*<float*, float*, float*, nint, void> Binary32(ElementaryFunction function) => Binary32(function, Widest);

    /// <summary>As <see cref="Binary32(ElementaryFunction)"/>, at a given width.</summary>
    public static delegate*<float*, float*, float*, nint, void> Binary32(ElementaryFunction function, LaneWidth width) => width switch
    {
        LaneWidth.Scalar => Binary<float, Scalar32, float, int, bool>(function),
        LaneWidth.Bits128 => Binary<float, V128F, Vector128<float>, Vector128<int>, Vector128<float>>(function),
        LaneWidth.Bits256 => Binary<float, V256F, Vector256<float>, Vector256<int>, Vector256<float>>(function),
        LaneWidth.Bits512 => Binary<float, V512F, Vector512<float>, Vector512<int>, Vector512<float>>(function),
        _ => throw new ArgumentOutOfRangeException(nameof(width)),
    };

    /// <summary>The loop (first operand, second operand, result, count) of a function of two operands.</summary>
    public static delegate*<double*, double*, double*, nint, void> Binary64(ElementaryFunction function) => Binary64(function, Widest);

    /// <summary>As <see cref="Binary64(ElementaryFunction)"/>, at a given width.</summary>
    public static delegate*<double*, double*, double*, nint, void> Binary64(ElementaryFunction function, LaneWidth width) => width switch
    {
        LaneWidth.Scalar => Binary<double, Scalar64, double, long, bool>(function),
        LaneWidth.Bits128 => Binary<double, V128D, Vector128<double>, Vector128<long>, Vector128<double>>(function),
        LaneWidth.Bits256 => Binary<double, V256D, Vector256<double>, Vector256<long>, Vector256<double>>(function),
        LaneWidth.Bits512 => Binary<double, V512D, Vector512<double>, Vector512<long>, Vector512<double>>(function),
        _ => throw new ArgumentOutOfRangeException(nameof(width)),
    };

    private static delegate*<T*, T*, nint, void> Unary<T, L, F, I, M>(ElementaryFunction function)
        where T : unmanaged
        where L : IVectorLanes<T, F, I, M>
        => function switch
        {
            ElementaryFunction.Exp => &Map<T, L, F, I, M, ExpOp>,
            ElementaryFunction.Exp2 => &Map<T, L, F, I, M, Exp2Op>,
            ElementaryFunction.Expm1 => &Map<T, L, F, I, M, Expm1Op>,
            ElementaryFunction.Log => &Map<T, L, F, I, M, LogOp>,
            ElementaryFunction.Log2 => &Map<T, L, F, I, M, Log2Op>,
            ElementaryFunction.Log1p => &Map<T, L, F, I, M, Log1pOp>,
            ElementaryFunction.Tanh => &Map<T, L, F, I, M, TanhOp>,
            ElementaryFunction.Sigmoid => &Map<T, L, F, I, M, SigmoidOp>,
            ElementaryFunction.Erf => &Map<T, L, F, I, M, ErfOp>,
            ElementaryFunction.Erfc => &Map<T, L, F, I, M, ErfcOp>,
            ElementaryFunction.Sin => &Map<T, L, F, I, M, SinOp>,
            ElementaryFunction.Cos => &Map<T, L, F, I, M, CosOp>,
            ElementaryFunction.Tan => &Map<T, L, F, I, M, TanOp>,
            ElementaryFunction.Asin => &Map<T, L, F, I, M, AsinOp>,
            ElementaryFunction.Acos => &Map<T, L, F, I, M, AcosOp>,
            ElementaryFunction.Atan => &Map<T, L, F, I, M, AtanOp>,
            ElementaryFunction.Sinh => &Map<T, L, F, I, M, SinhOp>,
            ElementaryFunction.Cosh => &Map<T, L, F, I, M, CoshOp>,
            ElementaryFunction.Asinh => &Map<T, L, F, I, M, AsinhOp>,
            ElementaryFunction.Acosh => &Map<T, L, F, I, M, AcoshOp>,
            ElementaryFunction.Atanh => &Map<T, L, F, I, M, AtanhOp>,
            _ => throw new ArgumentOutOfRangeException(nameof(function), function, "Not a function of one operand."),
        };

    private static delegate*<T*, T*, T*, nint, void> Binary<T, L, F, I, M>(ElementaryFunction function)
        where T : unmanaged
        where L : IVectorLanes<T, F, I, M>
        => function switch
        {
            ElementaryFunction.Pow => &Zip<T, L, F, I, M, PowOp>,
            ElementaryFunction.Atan2 => &Zip<T, L, F, I, M, Atan2Op>,
            _ => throw new ArgumentOutOfRangeException(nameof(function), function, "Not a function of two operands."),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map<T, L, F, I, M, TOp>(T* x, T* result, nint count)
        where T : unmanaged
        where L : IVectorLanes<T, F, I, M>
        where TOp : IUnaryOp
    {
        // A partial last vector goes through a scratch vector, so that the function is compiled into the loop once.
        T* scratch = stackalloc T[L.Count];
        for (nint i = 0; i < count; i += L.Count)
        {
            nint left = count - i;
            T* from = x + i;
            T* to = result + i;
            if (left < L.Count)
            {
                Copy(from, scratch, left);
                from = to = scratch;
            }

            L.Store(to, TOp.Apply<T, L, F, I, M>(L.Load(from)));
            if (left < L.Count)
                Copy(scratch, result + i, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Zip<T, L, F, I, M, TOp>(T* x, T* y, T* result, nint count)
        where T : unmanaged
        where L : IVectorLanes<T, F, I, M>
        where TOp : IBinaryOp
    {
        T* scratchX = stackalloc T[L.Count];
        T* scratchY = stackalloc T[L.Count];
        for (nint i = 0; i < count; i += L.Count)
        {
            nint left = count - i;
            T* first = x + i;
            T* second = y + i;
            T* to = result + i;
            if (left < L.Count)
            {
                Copy(first, scratchX, left);
                Copy(second, scratchY, left);
                first = to = scratchX;
                second = scratchY;
            }

            L.Store(to, TOp.Apply<T, L, F, I, M>(L.Load(first), L.Load(second)));
            if (left < L.Count)
                Copy(scratchX, result + i, left);
        }
    }

    private static void Copy<T>(T* from, T* to, nint count)
        where T : unmanaged
    {
        for (nint i = 0; i < count; i++)
            to[i] = from[i];
    }
}
