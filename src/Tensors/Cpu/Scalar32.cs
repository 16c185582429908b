using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>One binary32 number: the portable functions on single values.</summary>
internal readonly unsafe struct Scalar32 : IVectorLanes<float, float, int, bool>
{
    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(float* address) => *address;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* address, float value) => *address = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Constant(double value) => (float)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ConstantInt(long value) => (int)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float a, float b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sub(float a, float b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Mul(float a, float b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Div(float a, float b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sqrt(float a) => MathF.Sqrt(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Neg(float a) => -a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Abs(float a) => MathF.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinNative(float a, float b) => a < b ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxNative(float a, float b) => a > b ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Less(float a, float b) => a < b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessOrEqual(float a, float b) => a <= b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(float a, float b) => a == b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool NotEqual(float a, float b) => a != b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Select(bool mask, float a, float b) => mask ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SelectInt(bool mask, int a, int b) => mask ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AddInt(int a, int b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SubInt(int a, int b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int And(int a, int b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Or(int a, int b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Xor(int a, int b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftLeft(int a, int count) => a << count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftRight(int a, int count) => a >> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftRightLogical(int a, int count) => a >>> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool LessInt(int a, int b) => a < b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool EqualInt(int a, int b) => a == b;

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
    public static int Bits(float a) => BitConverter.SingleToInt32Bits(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromBits(int a) => BitConverter.Int32BitsToSingle(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToFloat(int a) => a;
}
