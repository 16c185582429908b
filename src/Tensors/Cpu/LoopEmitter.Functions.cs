using System.Reflection;

namespace Engine.Tensors.Cpu;

/// <content>The elementary functions as methods. They are inlined into the emitted loop.</content>
internal static unsafe partial class LoopEmitter
{
    private static class Functions32<L, F, I, M> where L : IFloatLanes<F, I, M>
    {
        public static MethodInfo Of(ElementaryFunction function) => function switch
        {
            ElementaryFunction.Exp => Unary(Portable32<L, F, I, M>.Exp),
            ElementaryFunction.Exp2 => Unary(Portable32<L, F, I, M>.Exp2),
            ElementaryFunction.Expm1 => Unary(Portable32<L, F, I, M>.Expm1),
            ElementaryFunction.Log => Unary(Portable32<L, F, I, M>.Log),
            ElementaryFunction.Log2 => Unary(Portable32<L, F, I, M>.Log2),
            ElementaryFunction.Log1p => Unary(Portable32<L, F, I, M>.Log1p),
            ElementaryFunction.Tanh => Unary(Portable32<L, F, I, M>.Tanh),
            ElementaryFunction.Sigmoid => Unary(Portable32<L, F, I, M>.Sigmoid),
            ElementaryFunction.Erf => Unary(Portable32<L, F, I, M>.Erf),
            ElementaryFunction.Erfc => Unary(Portable32<L, F, I, M>.Erfc),
            ElementaryFunction.Sin => Unary(Portable32<L, F, I, M>.Sin),
            ElementaryFunction.Cos => Unary(Portable32<L, F, I, M>.Cos),
            ElementaryFunction.Tan => Unary(Portable32<L, F, I, M>.Tan),
            ElementaryFunction.Asin => Unary(Portable32<L, F, I, M>.Asin),
            ElementaryFunction.Acos => Unary(Portable32<L, F, I, M>.Acos),
            ElementaryFunction.Atan => Unary(Portable32<L, F, I, M>.Atan),
            ElementaryFunction.Sinh => Unary(Portable32<L, F, I, M>.Sinh),
            ElementaryFunction.Cosh => Unary(Portable32<L, F, I, M>.Cosh),
            ElementaryFunction.Asinh => Unary(Portable32<L, F, I, M>.Asinh),
            ElementaryFunction.Acosh => Unary(Portable32<L, F, I, M>.Acosh),
            ElementaryFunction.Atanh => Unary(Portable32<L, F, I, M>.Atanh),
            ElementaryFunction.Pow => Binary(Portable32<L, F, I, M>.Pow),
            ElementaryFunction.Atan2 => Binary(Portable32<L, F, I, M>.Atan2),
            _ => throw new ArgumentOutOfRangeException(nameof(function)),
        };

        private static MethodInfo Unary(Func<F, F> method) => method.Method;

        private static MethodInfo Binary(Func<F, F, F> method) => method.Method;
    }

    private static class Functions64<L, F, I, M> where L : IFloatLanes<F, I, M>
    {
        public static MethodInfo Of(ElementaryFunction function) => function switch
        {
            ElementaryFunction.Exp => Unary(Portable64<L, F, I, M>.Exp),
            ElementaryFunction.Exp2 => Unary(Portable64<L, F, I, M>.Exp2),
            ElementaryFunction.Expm1 => Unary(Portable64<L, F, I, M>.Expm1),
            ElementaryFunction.Log => Unary(Portable64<L, F, I, M>.Log),
            ElementaryFunction.Log2 => Unary(Portable64<L, F, I, M>.Log2),
            ElementaryFunction.Log1p => Unary(Portable64<L, F, I, M>.Log1p),
            ElementaryFunction.Tanh => Unary(Portable64<L, F, I, M>.Tanh),
            ElementaryFunction.Sigmoid => Unary(Portable64<L, F, I, M>.Sigmoid),
            ElementaryFunction.Erf => Unary(Portable64<L, F, I, M>.Erf),
            ElementaryFunction.Erfc => Unary(Portable64<L, F, I, M>.Erfc),
            ElementaryFunction.Sin => Unary(Portable64<L, F, I, M>.Sin),
            ElementaryFunction.Cos => Unary(Portable64<L, F, I, M>.Cos),
            ElementaryFunction.Tan => Unary(Portable64<L, F, I, M>.Tan),
            ElementaryFunction.Asin => Unary(Portable64<L, F, I, M>.Asin),
            ElementaryFunction.Acos => Unary(Portable64<L, F, I, M>.Acos),
            ElementaryFunction.Atan => Unary(Portable64<L, F, I, M>.Atan),
            ElementaryFunction.Sinh => Unary(Portable64<L, F, I, M>.Sinh),
            ElementaryFunction.Cosh => Unary(Portable64<L, F, I, M>.Cosh),
            ElementaryFunction.Asinh => Unary(Portable64<L, F, I, M>.Asinh),
            ElementaryFunction.Acosh => Unary(Portable64<L, F, I, M>.Acosh),
            ElementaryFunction.Atanh => Unary(Portable64<L, F, I, M>.Atanh),
            ElementaryFunction.Pow => Binary(Portable64<L, F, I, M>.Pow),
            ElementaryFunction.Atan2 => Binary(Portable64<L, F, I, M>.Atan2),
            _ => throw new ArgumentOutOfRangeException(nameof(function)),
        };

        private static MethodInfo Unary(Func<F, F> method) => method.Method;

        private static MethodInfo Binary(Func<F, F, F> method) => method.Method;
    }
}
