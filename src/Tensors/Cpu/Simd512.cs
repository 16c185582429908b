using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <summary>16 single precision elements.</summary>
internal readonly unsafe struct F32x16 : ISimd<float, Vector512<float>>
{
    public static int Width => 16;

    public static int TileRows => 8;

    public static int TileVectors => 3;

    public static int HalfWidth => F32x8.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void HalfTile(int rows, nint k, float* a, nint ars, nint acs, float* b, nint brs, float* c, nint crs, int last, bool resume) =>
        GemmTiles<float, Vector256<float>, F32x8>.Run(rows, 1, k, a, ars, acs, b, brs, c, crs, last, resume);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* address) => Vector512.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFirst(float* address, int count) => Avx512F.MaskLoad(address, First(count), Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* address, Vector512<float> value) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(float* address, Vector512<float> value, int count) => Avx512F.MaskStore(address, First(count), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* address) => Vector512.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) => Avx512F.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAddFirst(Vector512<float> left, Vector512<float> right, Vector512<float> addend, int count) =>
        Vector512.ConditionalSelect(First(count), MultiplyAdd(left, right, addend), addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> First(int count) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();
}

/// <summary>8 double precision elements.</summary>
internal readonly unsafe struct F64x8 : ISimd<double, Vector512<double>>
{
    public static int Width => 8;

    public static int TileRows => 8;

    public static int TileVectors => 3;

    public static int HalfWidth => F64x4.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void HalfTile(int rows, nint k, double* a, nint ars, nint acs, double* b, nint brs, double* c, nint crs, int last, bool resume) =>
        GemmTiles<double, Vector256<double>, F64x4>.Run(rows, 1, k, a, ars, acs, b, brs, c, crs, last, resume);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(double* address) => Vector512.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LoadFirst(double* address, int count) => Avx512F.MaskLoad(address, First(count), Vector512<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* address, Vector512<double> value) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(double* address, Vector512<double> value, int count) => Avx512F.MaskStore(address, First(count), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Broadcast(double* address) => Vector512.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Add(Vector512<double> left, Vector512<double> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> MultiplyAdd(Vector512<double> left, Vector512<double> right, Vector512<double> addend) => Avx512F.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> MultiplyAddFirst(Vector512<double> left, Vector512<double> right, Vector512<double> addend, int count) =>
        Vector512.ConditionalSelect(First(count), MultiplyAdd(left, right, addend), addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> First(int count) => Vector512.LessThan(Vector512<long>.Indices, Vector512.Create((long)count)).AsDouble();
}
