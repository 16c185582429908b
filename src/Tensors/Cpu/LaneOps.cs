using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>An associative operation that lanes accumulate, and the value lanes start from, which changes no result of it.</summary>
internal interface ILaneOp<T> where T : unmanaged
{
    static abstract T Identity { get; }

    static abstract Vector<T> Apply(Vector<T> a, Vector<T> b);

    static abstract T Apply(T a, T b);
}

internal readonly struct LaneSum<T> : ILaneOp<T> where T : unmanaged, INumber<T>
{
    public static T Identity => T.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b) => unchecked(a + b);
}

internal readonly struct LaneProduct<T> : ILaneOp<T> where T : unmanaged, INumber<T>
{
    public static T Identity => T.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b) => unchecked(a * b);
}

/// <summary>The greatest; NaN wins.</summary>
internal readonly struct LaneMax<T> : ILaneOp<T> where T : unmanaged, INumber<T>, IMinMaxValue<T>
{
    public static T Identity => typeof(T) == typeof(float) || typeof(T) == typeof(double) ? T.CreateSaturating(double.NegativeInfinity) : T.MinValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b) => T.Max(a, b);
}

/// <summary>The least; NaN wins.</summary>
internal readonly struct LaneMin<T> : ILaneOp<T> where T : unmanaged, INumber<T>, IMinMaxValue<T>
{
    public static T Identity => typeof(T) == typeof(float) || typeof(T) == typeof(double) ? T.CreateSaturating(double.PositiveInfinity) : T.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => Vector.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b) => T.Min(a, b);
}
