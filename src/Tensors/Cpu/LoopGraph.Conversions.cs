namespace Engine.Tensors.Cpu;

/// <content>Conversions between element types. A negative result means that the loops over tiles do it better.</content>
internal sealed partial class LoopGraph
{
    private int Cast(Expr e, int a, DType from, DType to)
    {
        // A coordinate is below 2^31, so that going through i32 rounds once.
        if (from == DType.I64 && to == DType.F32 && e.Arguments[0].Op == ExprOp.Coordinate) return Convert(Convert(a, from, DType.I32), DType.I32, to);
        return Convert(a, from, to);
    }

    private int Convert(int a, DType from, DType to)
    {
        if (from == to || a < 0) return a;
        if (to == DType.Bool) return ToMask(a, from);
        return from switch
        {
            DType.Bool => FromMask(a, to),
            DType.F16 => Convert(Add(new(LoopOp.HalfToSingle, LoopLane.F32, a)), DType.F32, to),
            DType.BF16 => Convert(Add(new(LoopOp.BrainToSingle, LoopLane.F32, a)), DType.F32, to),
            DType.F32 => FromSingle(a, to),
            DType.F64 => FromDouble(a, to),
            DType.I64 => FromLong(a, to),
            _ => FromInteger(a, to),
        };
    }

    private int FromSingle(int a, DType to) => to switch
    {
        DType.F64 => Add(new(LoopOp.Widen, LoopLane.F64, a)),
        DType.I32 => Add(new(LoopOp.ToInteger, LoopLane.I32, a)),
        DType.U8 => Clamp(Add(new(LoopOp.ToInteger, LoopLane.I32, a)), LoopLane.I32, 0, 255),
        DType.I64 => Convert(Add(new(LoopOp.Widen, LoopLane.F64, a)), DType.F64, to),
        DType.F16 => Add(new(LoopOp.SingleToHalf, LoopLane.I32, a)),
        _ => Add(new(LoopOp.SingleToBrain, LoopLane.I32, a)),
    };

    private int FromDouble(int a, DType to)
    {
        int integer() => Add(new(LoopOp.ToInteger, LoopLane.I64, a));
        return to switch
        {
            DType.F32 => Add(new(LoopOp.Narrow, LoopLane.F32, a)),
            DType.I64 => integer(),
            DType.I32 => Add(new(LoopOp.Narrow, LoopLane.I32, Clamp(integer(), LoopLane.I64, int.MinValue, int.MaxValue))),
            DType.U8 => Add(new(LoopOp.Narrow, LoopLane.I32, Clamp(integer(), LoopLane.I64, 0, 255))),
            DType.BF16 => Convert(Add(new(LoopOp.Narrow, LoopLane.F32, a)), DType.F32, to),
            _ => -1,
        };
    }

    private int FromLong(int a, DType to) => to switch
    {
        DType.I32 => Add(new(LoopOp.Narrow, LoopLane.I32, a)),
        DType.U8 => Add(new(LoopOp.And, LoopLane.I32, Add(new(LoopOp.Narrow, LoopLane.I32, a)), Number(LoopLane.I32, 255))),
        DType.F64 => Add(new(LoopOp.ToFloat, LoopLane.F64, a)),
        _ => -1,
    };

    /// <summary>From i32, or from u8 as a number in 32-bit lanes.</summary>
    private int FromInteger(int a, DType to) => to switch
    {
        DType.I32 => a,
        DType.U8 => Add(new(LoopOp.And, LoopLane.I32, a, Number(LoopLane.I32, 255))),
        DType.I64 => Add(new(LoopOp.Widen, LoopLane.I64, a)),
        DType.F64 => Add(new(LoopOp.ToFloat, LoopLane.F64, Add(new(LoopOp.Widen, LoopLane.I64, a)))),
        DType.F32 => Add(new(LoopOp.ToFloat, LoopLane.F32, a)),
        _ => Convert(Add(new(LoopOp.ToFloat, LoopLane.F32, a)), DType.F32, to),
    };

    /// <summary>Whether a value differs from 0; NaN does.</summary>
    private int ToMask(int a, DType from)
    {
        if (from.IsHalfWidth()) return ToMask(Convert(a, from, DType.F32), DType.F32);
        LoopLane lane = nodes[a].Lane;
        return Add(new(LoopOp.Not, Integers(lane), Add(new(LoopOp.Equal, Integers(lane), a, Number(lane, 0)))));
    }

    private int FromMask(int a, DType to)
    {
        LoopLane lane = LaneOf(to);
        int one = Number(Integers(lane), Scalars.ToBits(1, to));
        int bits = Add(new(LoopOp.And, Integers(lane), Mask(a, BitsOf(lane)), one));
        return lane == Integers(lane) ? bits : Add(new(LoopOp.Reinterpret, lane, bits));
    }

    /// <summary>A mask in lanes of a size.</summary>
    private int Mask(int a, int bits)
    {
        int have = BitsOf(nodes[a].Lane);
        if (have == bits) return a;
        return bits == 64 ? Add(new(LoopOp.Widen, LoopLane.I64, a)) : Add(new(LoopOp.Narrow, LoopLane.I32, a));
    }

    private int Bitcast(int a, DType from, DType to)
    {
        if (from == to || (from.IsHalfWidth() && to.IsHalfWidth())) return a;
        if (from is DType.Bool or DType.U8 || to is DType.Bool or DType.U8 || from.Size() != to.Size()) return -1;
        return Add(new(LoopOp.Reinterpret, LaneOf(to), a));
    }

    private int Clamp(int a, LoopLane lane, long low, long high) =>
        Add(new(LoopOp.Min, lane, Add(new(LoopOp.Max, lane, a, Number(lane, unchecked((ulong)low)))), Number(lane, unchecked((ulong)high))));
}
