namespace Engine.Tensors.Tests.Cpu;

/// <summary>Expressions evaluated one element at a time, on bits.</summary>
internal static class ExprReference
{
    public static ulong Evaluate(Expr e, Func<int, ulong> input, Func<int, long> coordinate) =>
        Evaluate(e, input, coordinate, new Dictionary<Expr, ulong>(ReferenceEqualityComparer.Instance));

    private static ulong Evaluate(Expr e, Func<int, ulong> input, Func<int, long> coordinate, Dictionary<Expr, ulong> known)
    {
        if (known.TryGetValue(e, out ulong value)) return value;
        ulong[] a = new ulong[e.Arguments.Length];
        for (int i = 0; i < a.Length; i++) a[i] = Evaluate(e.Arguments[i], input, coordinate, known);
        return known[e] = Apply(e, a, input, coordinate);
    }

    private static ulong Apply(Expr e, ulong[] a, Func<int, ulong> input, Func<int, long> coordinate)
    {
        switch (e.Op)
        {
            case ExprOp.Input: return input(e.Index);
            case ExprOp.Constant: return e.Bits;
            case ExprOp.Coordinate: return (ulong)coordinate(e.Index);
            case ExprOp.Bitcast: return a[0];
            case ExprOp.Select: return a[0] != 0 ? a[1] : a[2];
            case ExprOp.Cast: return Cast(a[0], e.Arguments[0].Type, e.Type);
        }
        DType type = e.Arguments[0].Type;
        if (type.IsHalfWidth() && e.Op is not (ExprOp.And or ExprOp.Or or ExprOp.Xor))
        {
            ulong[] wide = Array.ConvertAll(a, x => Cast(x, type, DType.F32));
            ulong r = Float32(e, Array.ConvertAll(wide, x => BitConverter.UInt32BitsToSingle((uint)x)));
            return e.Type == DType.Bool ? r : Cast(r, DType.F32, e.Type);
        }
        return type switch
        {
            DType.F32 => Float32(e, Array.ConvertAll(a, x => BitConverter.UInt32BitsToSingle((uint)x))),
            DType.F64 => Float64(e, Array.ConvertAll(a, BitConverter.UInt64BitsToDouble)),
            _ => Integer(e, type, a),
        };
    }

    public static ulong Cast(ulong bits, DType from, DType to)
    {
        if (from == to) return bits;
        if (from.IsFloating())
        {
            double value = from switch
            {
                DType.F32 => BitConverter.UInt32BitsToSingle((uint)bits),
                DType.F16 => (double)BitConverter.UInt16BitsToHalf((ushort)bits),
                DType.BF16 => BitConverter.UInt32BitsToSingle((uint)bits << 16),
                _ => BitConverter.UInt64BitsToDouble(bits),
            };
            return to switch
            {
                DType.F32 => BitConverter.SingleToUInt32Bits((float)value),
                DType.F64 => BitConverter.DoubleToUInt64Bits(value),
                DType.F16 => BitConverter.HalfToUInt16Bits((Half)value),
                DType.BF16 => ((BFloat16)(float)value).ToBits(),
                DType.Bool => value != 0 ? 1UL : 0,
                DType.I32 => (uint)(int)Saturate(value, int.MinValue, int.MaxValue),
                DType.U8 => (byte)Saturate(value, 0, 255),
                _ => (ulong)Saturate(value, long.MinValue, long.MaxValue),
            };
        }
        long n = Signed(bits, from);
        return to switch
        {
            DType.F32 => BitConverter.SingleToUInt32Bits(n),
            DType.F64 => BitConverter.DoubleToUInt64Bits(n),
            DType.F16 => BitConverter.HalfToUInt16Bits((Half)(float)n),
            DType.BF16 => ((BFloat16)(float)n).ToBits(),
            DType.Bool => n != 0 ? 1UL : 0,
            _ => Pack(n, to),
        };
    }

    private static long Saturate(double value, long low, long high)
    {
        if (double.IsNaN(value)) return 0;
        double whole = Math.Truncate(value);
        return whole <= low ? low : whole >= high ? high : (long)whole;
    }

    private static long Signed(ulong bits, DType type) => type switch
    {
        DType.I32 => (int)(uint)bits,
        DType.I64 => (long)bits,
        _ => (long)bits,
    };

    private static ulong Pack(long value, DType type) => type switch
    {
        DType.I32 => (uint)(int)value,
        DType.I64 => (ulong)value,
        DType.F16 or DType.BF16 => (ushort)value,
        _ => (byte)value,
    };

    private static ulong Float32(Expr e, float[] a) => e.Op switch
    {
        ExprOp.Equal => a[0] == a[1] ? 1UL : 0,
        ExprOp.Less => a[0] < a[1] ? 1UL : 0,
        ExprOp.LessEqual => a[0] <= a[1] ? 1UL : 0,
        _ => BitConverter.SingleToUInt32Bits(e.Op switch
        {
            ExprOp.Add => a[0] + a[1],
            ExprOp.Sub => a[0] - a[1],
            ExprOp.Mul => a[0] * a[1],
            ExprOp.Div => a[0] / a[1],
            ExprOp.Fma => MathF.FusedMultiplyAdd(a[0], a[1], a[2]),
            ExprOp.Sqrt => MathF.Sqrt(a[0]),
            ExprOp.Neg => -a[0],
            ExprOp.Abs => MathF.Abs(a[0]),
            ExprOp.Min => MathF.Min(a[0], a[1]),
            ExprOp.Max => MathF.Max(a[0], a[1]),
            ExprOp.Floor => MathF.Floor(a[0]),
            ExprOp.Ceiling => MathF.Ceiling(a[0]),
            ExprOp.Truncate => MathF.Truncate(a[0]),
            ExprOp.RoundEven => MathF.Round(a[0]),
            _ => throw new ArgumentException(e.ToString()),
        }),
    };

    private static ulong Float64(Expr e, double[] a) => e.Op switch
    {
        ExprOp.Equal => a[0] == a[1] ? 1UL : 0,
        ExprOp.Less => a[0] < a[1] ? 1UL : 0,
        ExprOp.LessEqual => a[0] <= a[1] ? 1UL : 0,
        _ => BitConverter.DoubleToUInt64Bits(e.Op switch
        {
            ExprOp.Add => a[0] + a[1],
            ExprOp.Sub => a[0] - a[1],
            ExprOp.Mul => a[0] * a[1],
            ExprOp.Div => a[0] / a[1],
            ExprOp.Fma => Math.FusedMultiplyAdd(a[0], a[1], a[2]),
            ExprOp.Sqrt => Math.Sqrt(a[0]),
            ExprOp.Neg => -a[0],
            ExprOp.Abs => Math.Abs(a[0]),
            ExprOp.Min => Math.Min(a[0], a[1]),
            ExprOp.Max => Math.Max(a[0], a[1]),
            ExprOp.Floor => Math.Floor(a[0]),
            ExprOp.Ceiling => Math.Ceiling(a[0]),
            ExprOp.Truncate => Math.Truncate(a[0]),
            ExprOp.RoundEven => Math.Round(a[0]),
            _ => throw new ArgumentException(e.ToString()),
        }),
    };

    private static ulong Integer(Expr e, DType type, ulong[] bits)
    {
        long[] a = Array.ConvertAll(bits, x => Signed(x, type));
        int width = 8 * type.Size();
        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        int count() => (int)(a[1] & (width - 1));
        switch (e.Op)
        {
            case ExprOp.Equal: return a[0] == a[1] ? 1UL : 0;
            case ExprOp.Less: return a[0] < a[1] ? 1UL : 0;
            case ExprOp.LessEqual: return a[0] <= a[1] ? 1UL : 0;
            case ExprOp.ShiftRightUnsigned: return (bits[0] & mask) >> count();
            case ExprOp.MulHigh: return (uint)(((ulong)(uint)bits[0] * (uint)bits[1]) >> 32);
        }
        return Pack(unchecked(e.Op switch
        {
            ExprOp.Add => a[0] + a[1],
            ExprOp.Sub => a[0] - a[1],
            ExprOp.Mul => a[0] * a[1],
            ExprOp.Div => a[1] == 0 ? 0 : a[1] == -1 ? -a[0] : a[0] / a[1],
            ExprOp.Fma => (a[0] * a[1]) + a[2],
            ExprOp.Neg => -a[0],
            ExprOp.Abs => a[0] < 0 ? -a[0] : a[0],
            ExprOp.Min => Math.Min(a[0], a[1]),
            ExprOp.Max => Math.Max(a[0], a[1]),
            ExprOp.And => a[0] & a[1],
            ExprOp.Or => a[0] | a[1],
            ExprOp.Xor => a[0] ^ a[1],
            ExprOp.ShiftLeft => a[0] << count(),
            ExprOp.ShiftRight => a[0] >> count(),
            ExprOp.Floor or ExprOp.Ceiling or ExprOp.Truncate or ExprOp.RoundEven => a[0],
            _ => throw new ArgumentException(e.ToString()),
        }), type);
    }
}
