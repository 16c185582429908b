using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <summary>4 single precision elements.</summary>
internal readonly unsafe struct F32x4 : ISimd<float, Vector128<float>>
{
    public static int Width => 4;

    public static int TileRows => 6;

    public static int TileVectors => 2;

    public static int HalfWidth => 0;

    public static void HalfTile(int rows, nint k, float* a, nint ars, nint acs, float* b, nint brs, float* c, nint crs, int last, bool resume) =>
        throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* address) => Vector128.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFirst(float* address, int count)
    {
        if (Avx.IsSupported)
            return Avx.MaskLoad(address, First(count));
        var value = Vector128<float>.Zero;
        for (var i = 0; i < count; i++)
            value = value.WithElement(i, address[i]);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* address, Vector128<float> value) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(float* address, Vector128<float> value, int count)
    {
        if (Avx.IsSupported)
            Avx.MaskStore(address, First(count), value);
        else
            for (var i = 0; i < count; i++)
                address[i] = value.GetElement(i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* address) => Vector128.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) => Vector128.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAddFirst(Vector128<float> left, Vector128<float> right, Vector128<float> addend, int count) =>
        Vector128.ConditionalSelect(First(count), MultiplyAdd(left, right, addend), addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> First(int count) => Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle();
}

/// <summary>2 double precision elements.</summary>
internal readonly unsafe struct F64x2 : ISimd<double, Vector128<double>>
{
    public static int Width => 2;

    public static int TileRows => 6;

    public static int TileVectors => 2;

    public static int HalfWidth => 0;

    public static void HalfTile(int rows, nint k, double* a, nint ars, nint acs, double* b, nint brs, double* c, nint crs, int last, bool resume) =>
        throw new NotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Load(double* address) => Vector128.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> LoadFirst(double* address, int count)
    {
        if (Avx.IsSupported)
            return Avx.MaskLoad(address, First(count));
        var value = Vector128<double>.Zero;
        for (var i = 0; i < count; i++)
            value = value.WithElement(i, address[i]);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(double* address, Vector128<double> value) => value.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(double* address, Vector128<double> value, int count)
    {
        if (Avx.IsSupported)
            Avx.MaskStore(address, First(count), value);
        else
            for (var i = 0; i < count; i++)
                address[i] = value.GetElement(i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Broadcast(double* address) => Vector128.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Add(Vector128<double> left, Vector128<double> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> MultiplyAdd(Vector128<double> left, Vector128<double> right, Vector128<double> addend) => Vector128.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> MultiplyAddFirst(Vector128<double> left, Vector128<double> right, Vector128<double> addend, int count) =>
        Vector128.ConditionalSelect(First(count), MultiplyAdd(left, right, addend), addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> First(int count) => Vector128.LessThan(Vector128<long>.Indices, Vector128.Create((long)count)).AsDouble();
}
