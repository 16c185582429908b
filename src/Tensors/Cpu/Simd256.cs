using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <summary>8 single precision elements.</summary>
internal readonly unsafe struct F32x8 : ISimd<float, Vector256<float>>
{
    public static int Width => 8;

    public static int TileRows => 6;

    public static int TileVectors => 2;

    public static int HalfWidth => 0;

    public static void HalfTile(int rows, nint k, float* a, nint ars, nint acs, float* b, nint brs, float* c, nint crs, int last, bool resume) =>
        throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* address) => Vector256.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFirst(float* address, int count) => Avx.MaskLoad(address, First(count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* address, Vector256<float> value) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(float* address, Vector256<float> value, int count) => Avx.MaskStore(address, First(count), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* address) => Vector256.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) => Vector256.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAddFirst(Vector256<float> left, Vector256<float> right, Vector256<float> addend, int count) =>
        Vector256.ConditionalSelect(First(count), MultiplyAdd(left, right, addend), addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> First(int count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();
}

/// <summary>4 double precision elements.</summary>
internal readonly unsafe struct F64x4 : ISimd<double, Vector256<double>>
{
    public static int Width => 4;

    public static int TileRows => 6;

    public static int TileVectors => 2;

    public static int HalfWidth => 0;

    public static void HalfTile(int rows, nint k, double* a, nint ars, nint acs, double* b, nint brs, double* c, nint crs, int last, bool resume) =>
        throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(double* address) => Vector256.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LoadFirst(double* address, int count) => Avx.MaskLoad(address, First(count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* address, Vector256<double> value) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(double* address, Vector256<double> value, int count) => Avx.MaskStore(address, First(count), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Broadcast(double* address) => Vector256.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Add(Vector256<double> left, Vector256<double> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> MultiplyAdd(Vector256<double> left, Vector256<double> right, Vector256<double> addend) => Vector256.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> MultiplyAddFirst(Vector256<double> left, Vector256<double> right, Vector256<double> addend, int count) =>
        Vector256.ConditionalSelect(First(count), MultiplyAdd(left, right, addend), addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> First(int count) => Vector256.LessThan(Vector256<long>.Indices, Vector256.Create((long)count)).AsDouble();
}
