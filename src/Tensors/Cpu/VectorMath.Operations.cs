using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <content>One type per function, so that the loops are specialized to it. The test of the element type is resolved at compile time.</content>
internal static unsafe partial class VectorMath
{
    private interface IUnaryOp
    {
        static abstract F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M>;
    }

    private interface IBinaryOp
    {
        static abstract F Apply<T, L, F, I, M>(F x, F y)
            where L : IFloatLanes<F, I, M>;
    }

    private readonly struct ExpOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Exp(x) : Portable64<L, F, I, M>.Exp(x);
    }

    private readonly struct Exp2Op : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Exp2(x) : Portable64<L, F, I, M>.Exp2(x);
    }

    private readonly struct Expm1Op : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Expm1(x) : Portable64<L, F, I, M>.Expm1(x);
    }

    private readonly struct LogOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Log(x) : Portable64<L, F, I, M>.Log(x);
    }

    private readonly struct Log2Op : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Log2(x) : Portable64<L, F, I, M>.Log2(x);
    }

    private readonly struct Log1pOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Log1p(x) : Portable64<L, F, I, M>.Log1p(x);
    }

    private readonly struct TanhOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Tanh(x) : Portable64<L, F, I, M>.Tanh(x);
    }

    private readonly struct SigmoidOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Sigmoid(x) : Portable64<L, F, I, M>.Sigmoid(x);
    }

    private readonly struct ErfOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Erf(x) : Portable64<L, F, I, M>.Erf(x);
    }

    private readonly struct ErfcOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Erfc(x) : Portable64<L, F, I, M>.Erfc(x);
    }

    private readonly struct SinOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Sin(x) : Portable64<L, F, I, M>.Sin(x);
    }

    private readonly struct CosOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Cos(x) : Portable64<L, F, I, M>.Cos(x);
    }

    private readonly struct TanOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Tan(x) : Portable64<L, F, I, M>.Tan(x);
    }

    private readonly struct AsinOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Asin(x) : Portable64<L, F, I, M>.Asin(x);
    }

    private readonly struct AcosOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Acos(x) : Portable64<L, F, I, M>.Acos(x);
    }

    private readonly struct AtanOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Atan(x) : Portable64<L, F, I, M>.Atan(x);
    }

    private readonly struct SinhOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Sinh(x) : Portable64<L, F, I, M>.Sinh(x);
    }

    private readonly struct CoshOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Cosh(x) : Portable64<L, F, I, M>.Cosh(x);
    }

    private readonly struct AsinhOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Asinh(x) : Portable64<L, F, I, M>.Asinh(x);
    }

    private readonly struct AcoshOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Acosh(x) : Portable64<L, F, I, M>.Acosh(x);
    }

    private readonly struct AtanhOp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Atanh(x) : Portable64<L, F, I, M>.Atanh(x);
    }

    private readonly struct PowOp : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x, F y)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Pow(x, y) : Portable64<L, F, I, M>.Pow(x, y);
    }

    private readonly struct Atan2Op : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static F Apply<T, L, F, I, M>(F x, F y)
            where L : IFloatLanes<F, I, M> =>
            typeof(T) == typeof(float) ? Portable32<L, F, I, M>.Atan2(x, y) : Portable64<L, F, I, M>.Atan2(x, y);
    }
}
