using System.Numerics;
using System.Runtime.CompilerServices;
using Add = Engine.Tensors.Cpu.Leaf.Add<float>;
using Div = Engine.Tensors.Cpu.Leaf.Divide<float>;
using DivInto = Engine.Tensors.Cpu.SwapLeaf<float, Engine.Tensors.Cpu.Leaf.Divide<float>>;
using Max = Engine.Tensors.Cpu.Leaf.Max<float>;
using Min = Engine.Tensors.Cpu.Leaf.Min<float>;
using Mul = Engine.Tensors.Cpu.Leaf.Multiply<float>;
using RootOfProduct = Engine.Tensors.Cpu.ThenLeaf<float, Engine.Tensors.Cpu.Leaf.Multiply<float>, Engine.Tensors.Cpu.Leaf.SqrtFloat>;
using RootOfSum = Engine.Tensors.Cpu.ThenLeaf<float, Engine.Tensors.Cpu.Leaf.Add<float>, Engine.Tensors.Cpu.Leaf.SqrtFloat>;
using Sub = Engine.Tensors.Cpu.Leaf.Subtract<float>;
using SubFrom = Engine.Tensors.Cpu.SwapLeaf<float, Engine.Tensors.Cpu.Leaf.Subtract<float>>;

namespace Engine.Tensors.Cpu;

/// <summary>One operation of a merged instruction: on two operands when it is the first, else on the value so far and the next operand.</summary>
internal enum TileStep : byte
{
    None,
    Add,
    Sub,

    /// <summary>Next operand minus the value so far.</summary>
    SubFrom,
    Mul,
    Div,

    /// <summary>Next operand divided by the value so far.</summary>
    DivInto,
    Min,
    Max,

    /// <summary>Square root of the sum of two operands.</summary>
    RootOfSum,

    /// <summary>Square root of the product of two operands.</summary>
    RootOfProduct,
}

/// <summary>Operations that one loop does: second(first(a, b), c), third(second(first(a, b), c), d), or second(first(a, b), other(c, d)). Each rounds.</summary>
internal readonly record struct TilePattern(TileStep First, TileStep Second, TileStep Third = TileStep.None, TileStep Other = TileStep.None);

/// <summary>Loops of several operations whose values in between stay in registers.</summary>
/// <remarks>They are compiled when a program first uses them. Operations round one after the other, as if each had its own loop.</remarks>
internal static unsafe partial class TileLoops
{
    /// <summary>The loop of a pattern on f32 operands, of which the first moves along; null where there is none.</summary>
    /// <param name="pattern">The operations.</param>
    /// <param name="flags">Which operands move along.</param>
    public static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindMerged(TilePattern pattern, int flags) => pattern switch
    {
        { Third: TileStep.None, Other: TileStep.None } => pattern.First switch
        {
            TileStep.Add => ChainAfter<Add>(pattern.Second, flags),
            TileStep.Sub => ChainAfter<Sub>(pattern.Second, flags),
            TileStep.SubFrom => ChainAfter<SubFrom>(pattern.Second, flags),
            TileStep.Mul => ChainAfter<Mul>(pattern.Second, flags),
            TileStep.Div => ChainAfter<Div>(pattern.Second, flags),
            TileStep.RootOfSum => ChainAfter<RootOfSum>(pattern.Second, flags),
            TileStep.RootOfProduct => ChainAfter<RootOfProduct>(pattern.Second, flags),
            _ => null,
        },
        (TileStep.Add, TileStep.Mul, TileStep.Add, TileStep.None) => Four<LongChainLeaf<float, Add, Mul, Add>>(flags),
        (TileStep.Add, TileStep.Mul, TileStep.Mul, TileStep.None) => Four<LongChainLeaf<float, Add, Mul, Mul>>(flags),
        (TileStep.Sub, TileStep.Mul, TileStep.Add, TileStep.None) => Four<LongChainLeaf<float, Sub, Mul, Add>>(flags),
        (TileStep.Sub, TileStep.Mul, TileStep.Mul, TileStep.None) => Four<LongChainLeaf<float, Sub, Mul, Mul>>(flags),
        (TileStep.Mul, TileStep.Add, TileStep.Add, TileStep.None) => Four<LongChainLeaf<float, Mul, Add, Add>>(flags),
        (TileStep.Mul, TileStep.Add, TileStep.Mul, TileStep.None) => Four<LongChainLeaf<float, Mul, Add, Mul>>(flags),
        (TileStep.Mul, TileStep.SubFrom, TileStep.Mul, TileStep.None) => Four<LongChainLeaf<float, Mul, SubFrom, Mul>>(flags),
        (TileStep.Mul, TileStep.Mul, TileStep.Add, TileStep.None) => Four<LongChainLeaf<float, Mul, Mul, Add>>(flags),
        (TileStep.Mul, TileStep.Mul, TileStep.SubFrom, TileStep.None) => Four<LongChainLeaf<float, Mul, Mul, SubFrom>>(flags),
        (TileStep.Mul, TileStep.Mul, TileStep.Mul, TileStep.None) => Four<LongChainLeaf<float, Mul, Mul, Mul>>(flags),
        (TileStep.Add, TileStep.Mul, TileStep.None, TileStep.Add) => Four<PairLeaf<float, Add, Mul, Add>>(flags),
        (TileStep.Mul, TileStep.Add, TileStep.None, TileStep.Mul) => Four<PairLeaf<float, Mul, Add, Mul>>(flags),
        (TileStep.Mul, TileStep.Sub, TileStep.None, TileStep.Mul) => Four<PairLeaf<float, Mul, Sub, Mul>>(flags),
        (TileStep.Mul, TileStep.Mul, TileStep.None, TileStep.Add) => Four<PairLeaf<float, Mul, Mul, Add>>(flags),
        (TileStep.Mul, TileStep.Mul, TileStep.None, TileStep.SubFrom) => Four<PairLeaf<float, Mul, Mul, SubFrom>>(flags),
        (TileStep.Sub, TileStep.Mul, TileStep.None, TileStep.Mul) => Four<PairLeaf<float, Sub, Mul, Mul>>(flags),
        _ => null,
    };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> ChainAfter<TFirst>(TileStep second, int flags)
        where TFirst : struct, IBinaryLeaf<float> => second switch
        {
            TileStep.Add => Three<ChainLeaf<float, TFirst, Add>>(flags),
            TileStep.Sub => Three<ChainLeaf<float, TFirst, Sub>>(flags),
            TileStep.SubFrom => Three<ChainLeaf<float, TFirst, SubFrom>>(flags),
            TileStep.Mul => Three<ChainLeaf<float, TFirst, Mul>>(flags),
            TileStep.Div => Three<ChainLeaf<float, TFirst, Div>>(flags),
            TileStep.DivInto => Three<ChainLeaf<float, TFirst, DivInto>>(flags),
            TileStep.Min => Three<ChainLeaf<float, TFirst, Min>>(flags),
            TileStep.Max => Three<ChainLeaf<float, TFirst, Max>>(flags),
            _ => null,
        };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> Three<TLeaf>(int flags) where TLeaf : struct, ITernaryLeaf<float> => (flags >> 1) switch
    {
        0 => &Merged<float, TLeaf, OneValue, OneValue>,
        1 => &Merged<float, TLeaf, Moving, OneValue>,
        2 => &Merged<float, TLeaf, OneValue, Moving>,
        _ => &Merged<float, TLeaf, Moving, Moving>,
    };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> Four<TLeaf>(int flags) where TLeaf : struct, IQuaternaryLeaf<float> => (flags >> 1) switch
    {
        0 => &Merged<float, TLeaf, OneValue, OneValue, OneValue>,
        1 => &Merged<float, TLeaf, Moving, OneValue, OneValue>,
        2 => &Merged<float, TLeaf, OneValue, Moving, OneValue>,
        3 => &Merged<float, TLeaf, Moving, Moving, OneValue>,
        4 => &Merged<float, TLeaf, OneValue, OneValue, Moving>,
        5 => &Merged<float, TLeaf, Moving, OneValue, Moving>,
        6 => &Merged<float, TLeaf, OneValue, Moving, Moving>,
        _ => &Merged<float, TLeaf, Moving, Moving, Moving>,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merged<T, TLeaf, TB, TC>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TLeaf : struct, ITernaryLeaf<T> where TB : struct, ITileMotion where TC : struct, ITileMotion
    {
        T* d = (T*)target, a = (T*)first, b = (T*)second, c = (T*)third;
        int w = Vector<T>.Count;
        // Two operations and more for a store keep the processor busy without unrolling, and the loop is compiled in less time. An operand that moves along may be shorter than a vector.
        Vector<T> sameB = TB.Moves ? default : Load(b), sameC = TC.Moves ? default : Load(c);
        nint i = 0;
        for (; i <= count - w; i += w) Store(d + i, TLeaf.Apply(Load(a + i), At<T, TB>(b + i, sameB), At<T, TC>(c + i, sameC)));
        for (; i < count; i++) d[i] = TLeaf.Apply(a[i], TB.Moves ? b[i] : *b, TC.Moves ? c[i] : *c);
    }

    /// <summary>As with three operands; the third argument is the addresses of the last two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merged<T, TLeaf, TB, TC, TD>(byte* target, byte* first, byte* second, byte* third, nint count, int flags)
        where T : unmanaged where TLeaf : struct, IQuaternaryLeaf<T> where TB : struct, ITileMotion where TC : struct, ITileMotion where TD : struct, ITileMotion
    {
        T* d = (T*)target, a = (T*)first, b = (T*)second, c = ((T**)third)[0], e = ((T**)third)[1];
        int w = Vector<T>.Count;
        Vector<T> sameB = TB.Moves ? default : Load(b), sameC = TC.Moves ? default : Load(c), sameE = TD.Moves ? default : Load(e);
        nint i = 0;
        for (; i <= count - w; i += w) Store(d + i, TLeaf.Apply(Load(a + i), At<T, TB>(b + i, sameB), At<T, TC>(c + i, sameC), At<T, TD>(e + i, sameE)));
        for (; i < count; i++) d[i] = TLeaf.Apply(a[i], TB.Moves ? b[i] : *b, TC.Moves ? c[i] : *c, TD.Moves ? e[i] : *e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> At<T, TMotion>(T* address, Vector<T> same) where T : unmanaged where TMotion : struct, ITileMotion =>
        TMotion.Moves ? Load(address) : same;
}
