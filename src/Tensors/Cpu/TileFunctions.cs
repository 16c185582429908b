using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>Loops of the named elementary functions: <see cref="VectorMath"/>'s, called with the operands of a tile. The third operand is the address of the function.</summary>
internal static unsafe class TileFunctions
{
    /// <summary>The function for an element type, as an address.</summary>
    public static void* Address(ElementaryFunction function, DType type) => type switch
    {
        DType.F32 => VectorMath.IsBinary(function) ? (void*)VectorMath.Binary32(function) : VectorMath.Unary32(function),
        DType.F64 => VectorMath.IsBinary(function) ? (void*)VectorMath.Binary64(function) : VectorMath.Unary64(function),
        _ => throw new DTypeException($"expression: {function} does not take {type.Name()}. Write Cast."),
    };

    /// <summary>The loop that calls it.</summary>
    public static delegate*<byte*, byte*, byte*, byte*, nint, int, void> Find(ElementaryFunction function, DType type) => (VectorMath.IsBinary(function), type) switch
    {
        (false, DType.F32) => &Unary<float>,
        (false, _) => &Unary<double>,
        (true, DType.F32) => &Binary<float>,
        _ => &Binary<double>,
    };

    private static void Unary<T>(byte* target, byte* first, byte* second, byte* third, nint count, int flags) where T : unmanaged =>
        ((delegate*<T*, T*, nint, void>)third)((T*)first, (T*)target, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Binary<T>(byte* target, byte* first, byte* second, byte* third, nint count, int flags) where T : unmanaged
    {
        var function = (delegate*<T*, T*, T*, nint, void>)third;
        T* d = (T*)target, a = (T*)first, b = (T*)second;
        if ((flags & 3) == 3)
        {
            function(a, b, d, count);
            return;
        }
        // One value for all positions is spread over a few elements only: as many are computed at a time.
        nint ma = flags & 1, mb = (flags >> 1) & 1, step = TileProgram.SpreadBytes / sizeof(T);
        for (nint i = 0; i < count; i += step) function(a + (i * ma), b + (i * mb), d + i, Math.Min(step, count - i));
    }
}
