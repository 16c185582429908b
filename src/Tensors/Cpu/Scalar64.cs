using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>One binary64 number: the portable functions on single values.</summary>
internal readonly unsafe struct Scalar64 : IVectorLanes<double, double, long, bool>
{
    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(double* address) => *address;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* address, double value) => *address = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Constant(double value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ConstantInt(long value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Add(double a, double b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sub(double a, double b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Mul(double a, double b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Div(double a, double b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Fma(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sqrt(double a) => Math.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Neg(double a) => -a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Abs(double a) => Math.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double MinNative(double a, double b) => a < b ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double MaxNative(double a, double b) => a > b ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Less(double a, double b) => a < b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessOrEqual(double a, double b) => a <= b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(double a, double b) => a == b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NotEqual(double a, double b) => a != b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Select(bool mask, double a, double b) => mask ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SelectInt(bool mask, long a, long b) => mask ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long AddInt(long a, long b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SubInt(long a, long b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long And(long a, long b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Or(long a, long b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Xor(long a, long b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ShiftLeft(long a, int count) => a << count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ShiftRight(long a, int count) => a >> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ShiftRightLogical(long a, int count) => a >>> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessInt(long a, long b) => a < b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool EqualInt(long a, long b) => a == b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Both(bool a, bool b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Either(bool a, bool b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Differ(bool a, bool b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Not(bool a) => !a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool MayHold(bool mask) => mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Bits(double a) => BitConverter.DoubleToInt64Bits(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FromBits(long a) => BitConverter.Int64BitsToDouble(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ToFloat(long a) => a;
}
