using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>An operation of four operands.</summary>
internal interface IQuaternaryLeaf<T> where T : unmanaged
{
    static abstract Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c, Vector<T> d);

    static abstract T Apply(T a, T b, T c, T d);
}

/// <summary>Whether an operand of a merged loop has an element per position, or one value that stays in a register.</summary>
internal interface ITileMotion
{
    static abstract bool Moves { get; }
}

internal readonly struct Moving : ITileMotion
{
    public static bool Moves => true;
}

internal readonly struct OneValue : ITileMotion
{
    public static bool Moves => false;
}

/// <summary>op(b, a).</summary>
internal readonly struct SwapLeaf<T, TOp> : IBinaryLeaf<T>
    where T : unmanaged where TOp : struct, IBinaryLeaf<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => TOp.Apply(b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b) => TOp.Apply(b, a);
}

/// <summary>last(op(a, b)).</summary>
internal readonly struct ThenLeaf<T, TOp, TLast> : IBinaryLeaf<T>
    where T : unmanaged where TOp : struct, IBinaryLeaf<T> where TLast : struct, IUnaryLeaf<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b) => TLast.Apply(TOp.Apply(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b) => TLast.Apply(TOp.Apply(a, b));
}

/// <summary>second(first(a, b), c).</summary>
internal readonly struct ChainLeaf<T, TFirst, TSecond> : ITernaryLeaf<T>
    where T : unmanaged where TFirst : struct, IBinaryLeaf<T> where TSecond : struct, IBinaryLeaf<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c) => TSecond.Apply(TFirst.Apply(a, b), c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b, T c) => TSecond.Apply(TFirst.Apply(a, b), c);
}

/// <summary>third(second(first(a, b), c), d).</summary>
internal readonly struct LongChainLeaf<T, TFirst, TSecond, TThird> : IQuaternaryLeaf<T>
    where T : unmanaged where TFirst : struct, IBinaryLeaf<T> where TSecond : struct, IBinaryLeaf<T> where TThird : struct, IBinaryLeaf<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c, Vector<T> d) => TThird.Apply(TSecond.Apply(TFirst.Apply(a, b), c), d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b, T c, T d) => TThird.Apply(TSecond.Apply(TFirst.Apply(a, b), c), d);
}

/// <summary>second(first(a, b), other(c, d)).</summary>
internal readonly struct PairLeaf<T, TFirst, TSecond, TOther> : IQuaternaryLeaf<T>
    where T : unmanaged where TFirst : struct, IBinaryLeaf<T> where TSecond : struct, IBinaryLeaf<T> where TOther : struct, IBinaryLeaf<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Apply(Vector<T> a, Vector<T> b, Vector<T> c, Vector<T> d) => TSecond.Apply(TFirst.Apply(a, b), TOther.Apply(c, d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply(T a, T b, T c, T d) => TSecond.Apply(TFirst.Apply(a, b), TOther.Apply(c, d));
}
