namespace Engine.Tensors.Reference;

/// <summary>
/// Evaluates a scalar expression at every element: floating values in double precision, integers in 64 bits, wrapped to their type after every operation.
/// Floating values round when the result is stored, and where they leave their type on the way: at a cast, a bitcast and a comparison.
/// </summary>
internal sealed class Mapping
{
    private readonly ReferenceArray[] inputs;
    private readonly Shape shape;
    private readonly List<(Expr Expr, int[] Arguments)> steps = [];
    private readonly double[] floats;
    private readonly long[] integers;
    private int position;

    private Mapping(Expr body, ReferenceArray[] inputs, Shape shape)
    {
        this.inputs = inputs;
        this.shape = shape;
        // Expressions share parts, some of them (random numbers) so much that evaluating every use anew would take exponential time.
        Flatten(body, new Dictionary<Expr, int>(ReferenceEqualityComparer.Instance));
        floats = new double[steps.Count];
        integers = new long[steps.Count];
    }

    public static void Run(Expr body, ReferenceArray[] inputs, ReferenceArray result)
    {
        if (body.Op == ExprOp.Input)
        {
            // A copy keeps the bits of every NaN, which arithmetic need not.
            inputs[body.Index].Bits.CopyTo(result.Bits, 0);
            return;
        }
        var mapping = new Mapping(body, inputs, result.Shape);
        for (int i = 0; i < result.Count; i++) mapping.Evaluate(i, result);
    }

    private int Flatten(Expr expr, Dictionary<Expr, int> places)
    {
        if (places.TryGetValue(expr, out int known)) return known;
        int[] arguments = new int[expr.Arguments.Length];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = Flatten(expr.Arguments[i], places);
        steps.Add((expr, arguments));
        return places[expr] = steps.Count - 1;
    }

    private void Evaluate(int at, ReferenceArray result)
    {
        position = at;
        for (int i = 0; i < steps.Count; i++)
        {
            (Expr expr, int[] arguments) = steps[i];
            if (expr.Type.IsFloating()) floats[i] = Float(expr, arguments);
            else integers[i] = Rounding.Wrap(Integer(expr, arguments), expr.Type);
        }
        if (result.IsFloating) result.Set(at, floats[^1]);
        else result.Set(at, integers[^1]);
    }

    private double Float(Expr expr, int[] arguments)
    {
        double a(int i) => floats[arguments[i]];
        switch (expr.Op)
        {
            case ExprOp.Input: return inputs[expr.Index].Float(position);
            case ExprOp.Constant: return Rounding.ToFloat(expr.Bits, expr.Type);
            case ExprOp.Add: return a(0) + a(1);
            case ExprOp.Sub: return a(0) - a(1);
            case ExprOp.Mul: return a(0) * a(1);
            case ExprOp.Div: return a(0) / a(1);
            case ExprOp.Fma when expr.Type == DType.F64: return Math.FusedMultiplyAdd(a(0), a(1), a(2));
            // In f32 the one rounding has to happen in f32: rounding to f64 first can turn a tie the wrong way.
            case ExprOp.Fma: return MathF.FusedMultiplyAdd((float)a(0), (float)a(1), (float)a(2));
            case ExprOp.Sqrt: return Math.Sqrt(a(0));
            case ExprOp.Neg: return -a(0);
            case ExprOp.Abs: return Math.Abs(a(0));
            case ExprOp.Min: return Math.Min(a(0), a(1));
            case ExprOp.Max: return Math.Max(a(0), a(1));
            case ExprOp.Floor: return Math.Floor(a(0));
            case ExprOp.Ceiling: return Math.Ceiling(a(0));
            case ExprOp.Truncate: return Math.Truncate(a(0));
            case ExprOp.RoundEven: return Math.Round(a(0), MidpointRounding.ToEven);
            case ExprOp.Select: return integers[arguments[0]] != 0 ? a(1) : a(2);
            case ExprOp.Bitcast: return Rounding.ToFloat(BitsOf(expr.Arguments[0], arguments[0]), expr.Type);
            case ExprOp.Function: return ReferenceMath.Evaluate(expr.Function, a(0), arguments.Length > 1 ? a(1) : 0);
            case ExprOp.Cast:
                DType source = expr.Arguments[0].Type;
                return source.IsFloating()
                    ? Rounding.Round(Rounding.Round(a(0), source), expr.Type)
                    : Rounding.FromInteger(integers[arguments[0]], expr.Type);
            default: throw Undefined(expr);
        }
    }

    private long Integer(Expr expr, int[] arguments)
    {
        long a(int i) => integers[arguments[i]];
        unchecked
        {
            switch (expr.Op)
            {
                case ExprOp.Input: return inputs[expr.Index].Integer(position);
                case ExprOp.Constant: return Rounding.ToInteger(expr.Bits, expr.Type);
                case ExprOp.Coordinate: return RowMajorOrder.At(shape, position)[expr.Index];
                case ExprOp.Add: return a(0) + a(1);
                case ExprOp.Sub: return a(0) - a(1);
                case ExprOp.Mul: return a(0) * a(1);
                // x / -1 is -x, which wraps for the least integer instead of trapping.
                case ExprOp.Div: return a(1) == 0 ? 0 : a(1) == -1 ? -a(0) : a(0) / a(1);
                case ExprOp.Fma: return (a(0) * a(1)) + a(2);
                case ExprOp.Neg: return -a(0);
                case ExprOp.Abs: return a(0) < 0 ? -a(0) : a(0);
                case ExprOp.Min: return Math.Min(a(0), a(1));
                case ExprOp.Max: return Math.Max(a(0), a(1));
                case ExprOp.Floor or ExprOp.Ceiling or ExprOp.Truncate or ExprOp.RoundEven: return a(0);
                case ExprOp.Select: return a(0) != 0 ? a(1) : a(2);
                case ExprOp.And: return a(0) & a(1);
                case ExprOp.Or: return a(0) | a(1);
                case ExprOp.Xor: return a(0) ^ a(1);
                case ExprOp.ShiftLeft: return a(0) << ShiftBy(expr.Type, a(1));
                case ExprOp.ShiftRight: return a(0) >> ShiftBy(expr.Type, a(1));
                case ExprOp.ShiftRightUnsigned: return (long)(Rounding.ToBits(a(0), expr.Type) >> ShiftBy(expr.Type, a(1)));
                case ExprOp.MulHigh when expr.Type == DType.I32: return (long)(((ulong)(uint)a(0) * (uint)a(1)) >> 32);
                case ExprOp.Equal or ExprOp.Less or ExprOp.LessEqual: return Holds(expr, arguments) ? 1 : 0;
                case ExprOp.Bitcast: return Rounding.ToInteger(BitsOf(expr.Arguments[0], arguments[0]), expr.Type);
                case ExprOp.Cast:
                    DType source = expr.Arguments[0].Type;
                    return source.IsFloating() ? Rounding.Truncate(Rounding.Round(floats[arguments[0]], source), expr.Type) : a(0);
                default: throw Undefined(expr);
            }
        }
    }

    private bool Holds(Expr expr, int[] arguments)
    {
        DType type = expr.Arguments[0].Type;
        if (!type.IsFloating())
        {
            (long m, long n) = (integers[arguments[0]], integers[arguments[1]]);
            return expr.Op == ExprOp.Equal ? m == n : expr.Op == ExprOp.Less ? m < n : m <= n;
        }
        double x = Rounding.Round(floats[arguments[0]], type), y = Rounding.Round(floats[arguments[1]], type);
        return expr.Op == ExprOp.Equal ? x == y : expr.Op == ExprOp.Less ? x < y : x <= y;
    }

    private ulong BitsOf(Expr expr, int step)
    {
        if (expr.Op == ExprOp.Input) return inputs[expr.Index].Bits[position];
        return expr.Type.IsFloating() ? Rounding.ToBits(floats[step], expr.Type) : Rounding.ToBits(integers[step], expr.Type);
    }

    /// <summary>Shift counts are taken modulo the width of the type, as C# does.</summary>
    private static int ShiftBy(DType type, long count) => (int)(count & ((8 * type.Size()) - 1));

    private static InvalidOperationException Undefined(Expr expr) => new($"expression: {expr.Op} is not defined for {expr.Type.Name()}.");
}
