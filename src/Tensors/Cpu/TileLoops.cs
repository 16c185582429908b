namespace Engine.Tensors.Cpu;

/// <summary>Finds the loop of an operation for its element types.</summary>
/// <remarks>Loops take target, three operands, a count, and flags: bit i is set when operand i moves along, else its address holds one value spread over several vectors.</remarks>
internal static unsafe partial class TileLoops
{
    /// <summary>True when f16 and bf16 operands are widened to f32 for the operation.</summary>
    public static bool ComputesWide(ExprOp op, DType operand) =>
        operand.IsHalfWidth() && op is not (ExprOp.Cast or ExprOp.Bitcast or ExprOp.Select or ExprOp.And or ExprOp.Or or ExprOp.Xor);

    /// <summary>True when a loop over elements of one size may write its result over an operand.</summary>
    public static bool MayOverwriteOperands(ExprOp op) => op != ExprOp.Cast;

    /// <summary>The loop of an operation on operands of a type.</summary>
    public static delegate*<byte*, byte*, byte*, byte*, nint, int, void> Find(ExprOp op, ElementaryFunction function, DType operand, DType result)
    {
        switch (op)
        {
            case ExprOp.Cast: return FindCast(operand, result);
            case ExprOp.Bitcast: return Move(result.Size());
            case ExprOp.Select: return FindSelect(result.Size());
            case ExprOp.Function: return TileFunctions.Find(function, operand);
            case ExprOp.Equal or ExprOp.Less or ExprOp.LessEqual: return FindComparison(op, operand);
            case ExprOp.Floor or ExprOp.Ceiling or ExprOp.Truncate or ExprOp.RoundEven when !operand.IsFloating(): return Move(operand.Size());
        }
        var loop = operand switch
        {
            DType.F32 => FindFloat32(op),
            DType.F64 => FindFloat64(op),
            DType.I32 => FindInteger<int>(op),
            DType.I64 => FindInteger<long>(op),
            DType.U8 or DType.Bool => FindInteger<byte>(op),
            _ => FindInteger<ushort>(op),
        };
        return loop != null ? loop : throw new DTypeException($"expression: {op} does not take {operand.Name()}. Write Cast.");
    }

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindFloat32(ExprOp op) => op switch
    {
        ExprOp.Add => &Binary<float, Leaf.Add<float>>,
        ExprOp.Sub => &Binary<float, Leaf.Subtract<float>>,
        ExprOp.Mul => &Binary<float, Leaf.Multiply<float>>,
        ExprOp.Div => &Binary<float, Leaf.Divide<float>>,
        ExprOp.Min => &Binary<float, Leaf.Min<float>>,
        ExprOp.Max => &Binary<float, Leaf.Max<float>>,
        ExprOp.Neg => &Unary<float, Leaf.Negate<float>>,
        ExprOp.Abs => &Unary<float, Leaf.AbsFloat>,
        ExprOp.Sqrt => &Unary<float, Leaf.SqrtFloat>,
        ExprOp.Floor => &Unary<float, Leaf.FloorFloat>,
        ExprOp.Ceiling => &Unary<float, Leaf.CeilingFloat>,
        ExprOp.Truncate => &Unary<float, Leaf.TruncateFloat>,
        ExprOp.RoundEven => &Unary<float, Leaf.RoundFloat>,
        ExprOp.Fma => &Ternary<float, Leaf.FmaFloat>,
        _ => null,
    };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindFloat64(ExprOp op) => op switch
    {
        ExprOp.Add => &Binary<double, Leaf.Add<double>>,
        ExprOp.Sub => &Binary<double, Leaf.Subtract<double>>,
        ExprOp.Mul => &Binary<double, Leaf.Multiply<double>>,
        ExprOp.Div => &Binary<double, Leaf.Divide<double>>,
        ExprOp.Min => &Binary<double, Leaf.Min<double>>,
        ExprOp.Max => &Binary<double, Leaf.Max<double>>,
        ExprOp.Neg => &Unary<double, Leaf.Negate<double>>,
        ExprOp.Abs => &Unary<double, Leaf.AbsDouble>,
        ExprOp.Sqrt => &Unary<double, Leaf.SqrtDouble>,
        ExprOp.Floor => &Unary<double, Leaf.FloorDouble>,
        ExprOp.Ceiling => &Unary<double, Leaf.CeilingDouble>,
        ExprOp.Truncate => &Unary<double, Leaf.TruncateDouble>,
        ExprOp.RoundEven => &Unary<double, Leaf.RoundDouble>,
        ExprOp.Fma => &Ternary<double, Leaf.FmaDouble>,
        _ => null,
    };

    private static delegate*<byte*, byte*, byte*, byte*, nint, int, void> FindInteger<T>(ExprOp op)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>, System.Numerics.IMinMaxValue<T> => op switch
        {
            ExprOp.Add => &Binary<T, Leaf.Add<T>>,
            ExprOp.Sub => &Binary<T, Leaf.Subtract<T>>,
            ExprOp.Mul => &Binary<T, Leaf.Multiply<T>>,
            ExprOp.Div => &BinaryScalar<T, Leaf.DivideInteger<T>>,
            ExprOp.Fma => &Ternary<T, Leaf.FmaInteger<T>>,
            ExprOp.Min => &Binary<T, Leaf.Min<T>>,
            ExprOp.Max => &Binary<T, Leaf.Max<T>>,
            ExprOp.Neg => &Unary<T, Leaf.Negate<T>>,
            ExprOp.Abs => &Unary<T, Leaf.AbsInteger<T>>,
            ExprOp.And => &Binary<T, Leaf.And<T>>,
            ExprOp.Or => &Binary<T, Leaf.Or<T>>,
            ExprOp.Xor => &Binary<T, Leaf.Xor<T>>,
            ExprOp.ShiftLeft => &Shift<T, Leaf.ShiftLeft<T>>,
            ExprOp.ShiftRight => &Shift<T, Leaf.ShiftRight<T>>,
            ExprOp.ShiftRightUnsigned => &Shift<T, Leaf.ShiftRightUnsigned<T>>,
            ExprOp.MulHigh when typeof(T) == typeof(int) => &MulHigh,
            _ => null,
        };

    /// <summary>A loop that copies bits, or spreads one value over the target.</summary>
    public static delegate*<byte*, byte*, byte*, byte*, nint, int, void> Move(int size) => size switch
    {
        1 => &MoveLoop<byte>,
        2 => &MoveLoop<ushort>,
        4 => &MoveLoop<uint>,
        _ => &MoveLoop<ulong>,
    };
}
