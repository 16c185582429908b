using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>The exactly rounded operations as vector and scalar code that give the same bits. Integers wrap.</summary>
internal static class Leaf
{
    public readonly struct Add<T> : IBinaryLeaf<T> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => unchecked(a + b);
    }

    public readonly struct Subtract<T> : IBinaryLeaf<T> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a - b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => unchecked(a - b);
    }

    public readonly struct Multiply<T> : IBinaryLeaf<T> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a * b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => unchecked(a * b);
    }

    public readonly struct Divide<T> : IBinaryLeaf<T> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a / b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => a / b;
    }

    /// <summary>Truncated; 0 when the divisor is 0; the least value divided by -1 wraps to itself.</summary>
    public readonly struct DivideInteger<T> : IScalarLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b)
        {
            if (b == T.Zero) return T.Zero;
            // For unsigned types the second test is never true: their all-ones value is positive.
            if (T.IsNegative(b) && b + T.One == T.Zero) return unchecked(T.Zero - a);
            return a / b;
        }
    }

    public readonly struct Min<T> : IBinaryLeaf<T> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.Min(a, b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => T.Min(a, b);
    }

    public readonly struct Max<T> : IBinaryLeaf<T> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.Max(a, b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => T.Max(a, b);
    }

    public readonly struct Negate<T> : IUnaryLeaf<T> where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a) => -a;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a) => unchecked(-a);
    }

    public readonly struct AbsInteger<T> : IUnaryLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a) => Vector.Abs(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a) => T.IsNegative(a) ? unchecked(T.Zero - a) : a;
    }

    public readonly struct FmaInteger<T> : ITernaryLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c) => (a * b) + c;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b, T c) => unchecked((a * b) + c);
    }

    public readonly struct And<T> : IBinaryLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a & b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => a & b;
    }

    public readonly struct Or<T> : IBinaryLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a | b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => a | b;
    }

    public readonly struct Xor<T> : IBinaryLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a ^ b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, T b) => a ^ b;
    }

    public readonly struct ShiftLeft<T> : IShiftLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, int bits) => a << bits;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, int bits) => a << bits;
    }

    public readonly struct ShiftRight<T> : IShiftLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, int bits) => a >> bits;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, int bits) => a >> bits;
    }

    public readonly struct ShiftRightUnsigned<T> : IShiftLeaf<T> where T : unmanaged, IBinaryInteger<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<T> Apply(Vector<T> a, int bits) => a >>> bits;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply(T a, int bits) => a >>> bits;
    }

    public readonly struct AbsFloat : IUnaryLeaf<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<float> Apply(Vector<float> a) => Vector.Abs(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a) => MathF.Abs(a);
    }

    public readonly struct AbsDouble : IUnaryLeaf<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Apply(Vector<double> a) => Vector.Abs(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Apply(double a) => Math.Abs(a);
    }

    public readonly struct SqrtFloat : IUnaryLeaf<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<float> Apply(Vector<float> a) => Vector.SquareRoot(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a) => MathF.Sqrt(a);
    }

    public readonly struct SqrtDouble : IUnaryLeaf<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Apply(Vector<double> a) => Vector.SquareRoot(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Apply(double a) => Math.Sqrt(a);
    }

    public readonly struct FloorFloat : IUnaryLeaf<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<float> Apply(Vector<float> a) => Vector.Floor(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a) => MathF.Floor(a);
    }

    public readonly struct FloorDouble : IUnaryLeaf<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Apply(Vector<double> a) => Vector.Floor(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Apply(double a) => Math.Floor(a);
    }

    public readonly struct CeilingFloat : IUnaryLeaf<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<float> Apply(Vector<float> a) => Vector.Ceiling(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a) => MathF.Ceiling(a);
    }

    public readonly struct CeilingDouble : IUnaryLeaf<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Apply(Vector<double> a) => Vector.Ceiling(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Apply(double a) => Math.Ceiling(a);
    }

    public readonly struct TruncateFloat : IUnaryLeaf<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<float> Apply(Vector<float> a) => Vector.Truncate(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a) => MathF.Truncate(a);
    }

    public readonly struct TruncateDouble : IUnaryLeaf<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Apply(Vector<double> a) => Vector.Truncate(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Apply(double a) => Math.Truncate(a);
    }

    public readonly struct RoundFloat : IUnaryLeaf<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<float> Apply(Vector<float> a) => Vector.Round(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a) => MathF.Round(a);
    }

    public readonly struct RoundDouble : IUnaryLeaf<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Apply(Vector<double> a) => Vector.Round(a);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Apply(double a) => Math.Round(a);
    }

    public readonly struct FmaFloat : ITernaryLeaf<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<float> Apply(Vector<float> a, Vector<float> b, Vector<float> c) => Vector.FusedMultiplyAdd(a, b, c);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Apply(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);
    }

    public readonly struct FmaDouble : ITernaryLeaf<double>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector<double> Apply(Vector<double> a, Vector<double> b, Vector<double> c) => Vector.FusedMultiplyAdd(a, b, c);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double Apply(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);
    }
}
