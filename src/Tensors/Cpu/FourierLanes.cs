using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>A number or a vector of numbers: the passes of a Fourier transform are written once for both and give the same bits.</summary>
internal unsafe interface IFourierLanes<T, V>
    where T : unmanaged
    where V : unmanaged
{
    static abstract int Count { get; }

    static abstract V Load(T* address);

    static abstract void Store(T* address, V value);

    static abstract V All(T value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);
}

/// <summary>One number at a time.</summary>
internal readonly unsafe struct FourierScalar<T> : IFourierLanes<T, T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public static int Count => 1;

    public static T Load(T* address) => *address;

    public static void Store(T* address, T value) => *address = value;

    public static T All(T value) => value;

    public static T Add(T a, T b) => a + b;

    public static T Subtract(T a, T b) => a - b;

    public static T Multiply(T a, T b) => a * b;
}

/// <summary>As many as fit a vector.</summary>
internal readonly unsafe struct FourierVector<T> : IFourierLanes<T, Vector<T>> where T : unmanaged
{
    public static int Count => Vector<T>.Count;

    public static Vector<T> Load(T* address) => Unsafe.ReadUnaligned<Vector<T>>(address);

    public static void Store(T* address, Vector<T> value) => Unsafe.WriteUnaligned(address, value);

    public static Vector<T> All(T value) => new(value);

    public static Vector<T> Add(Vector<T> a, Vector<T> b) => a + b;

    public static Vector<T> Subtract(Vector<T> a, Vector<T> b) => a - b;

    public static Vector<T> Multiply(Vector<T> a, Vector<T> b) => a * b;
}
