namespace Engine.Tensors;

/// <summary>The element types an op takes.</summary>
public enum Accepts : byte
{
    /// <summary>f32, f64, and by way of f32 also f16 and bf16.</summary>
    Floating,

    /// <summary>Floating types and integers.</summary>
    Numeric,

    /// <summary>Integers and bool.</summary>
    Bits,

    /// <summary>Every type.</summary>
    Any,
}

/// <summary>
/// A local derivative: a tensor, or a plain number when it is the same everywhere (1, -1, and 0, which means that nothing flows).
/// </summary>
public readonly struct Slope
{
    private readonly Tensor? factor;
    private readonly double scale;

    private Slope(Tensor? factor, double scale)
    {
        this.factor = factor;
        this.scale = scale;
    }

    /// <summary>A slope that varies by element.</summary>
    public static implicit operator Slope(Tensor factor) => new(factor, 1);

    /// <summary>A constant slope.</summary>
    public static implicit operator Slope(double scale) => new(null, scale);

    /// <summary>The slope times a tangent or cotangent; zeros stay zero whatever the slope, and null, which is zero, stays null.</summary>
    public Tensor? Times(Tensor? vector)
    {
        if (vector is null) return null;
        if (factor is not null) return ChainOp.Instance.Apply(vector, factor);
        return scale switch
        {
            0 => null,
            1 => vector,
            -1 => -vector,
            _ => vector * scale,
        };
    }
}

/// <summary>
/// An op that computes every element of its result from the elements at the same place of its operands. Operands broadcast by right alignment;
/// the op itself is one scalar expression.
/// </summary>
public abstract record ElementwisePrimitive : Primitive
{
    /// <summary>How many operands the op takes.</summary>
    public abstract int Arity { get; }

    /// <summary>The element types the op takes.</summary>
    public virtual Accepts Accepts => Accepts.Floating;

    /// <summary>Element type of the result for operands of a type.</summary>
    public virtual DType ResultType(DType operand) => operand;

    /// <summary>The scalar expression over typed operands.</summary>
    public abstract Expr Body(ReadOnlySpan<Expr> operands);

    /// <summary>The slope of the result in each operand, given the operands and the result.</summary>
    public abstract Slope[] Slopes(Tensor[] inputs, Tensor output);

    /// <inheritdoc/>
    protected override Tensor[] Prepare(Tensor[] inputs)
    {
        Shape shape = inputs[0].Shape;
        bool same = true;
        for (int i = 1; i < inputs.Length; i++)
        {
            if (inputs[i].Shape == shape) continue;
            same = false;
            shape = Broadcasting.Join(Name, shape, inputs[i].Shape);
        }
        if (same) return inputs;
        Tensor[] aligned = new Tensor[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) aligned[i] = inputs[i].BroadcastTo(shape);
        return aligned;
    }

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (inputs.Length != Arity)
            throw new ShapeException($"{Name}: takes {Arity} operands, got {inputs.Length}.");
        DType type = CheckTypes(inputs);
        return [new(ResultType(type), inputs[0].Shape)];
    }

    /// <summary>Checks the operand types and gives the one they share.</summary>
    protected virtual DType CheckTypes(ReadOnlySpan<TensorSpec> inputs)
    {
        DType type = inputs[0].DType;
        for (int i = 1; i < inputs.Length; i++)
        {
            if (inputs[i].DType != type)
                throw new DTypeException($"{Name}: element types differ, got {type.Name()} and {inputs[i].DType.Name()}. Cast one: x.Cast(DType.{type}).");
        }
        TypeRules.Require(Name, Accepts, type);
        return type;
    }

    /// <inheritdoc/>
    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        Slope[] slopes = Slopes(inputs, outputs[0]);
        Tensor?[] result = new Tensor?[inputs.Length];
        for (int i = 0; i < result.Length; i++)
        {
            if (inputs[i].DType.IsFloating()) result[i] = slopes[i].Times(cotangents[0]);
        }
        return result;
    }

    /// <inheritdoc/>
    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Slope[] slopes = Slopes(inputs, outputs[0]);
        Tensor? sum = null;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (slopes[i].Times(tangents[i]) is not { } part) continue;
            sum = sum is null ? part : sum + part;
        }
        return [sum];
    }

    /// <inheritdoc/>
    /// <remarks>Before batching all operands had one shape, so those without the batch axis broadcast over it.</remarks>
    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    /// <inheritdoc/>
    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs)
    {
        Expr[] operands = new Expr[inputs.Length];
        for (int i = 0; i < operands.Length; i++) operands[i] = Expr.Input(i, inputs[i].DType);
        return new MapKernel(Body(operands));
    }
}

/// <summary>An elementwise op of one operand: a definition and a derivative.</summary>
public abstract record UnaryPrimitive : ElementwisePrimitive
{
    /// <inheritdoc/>
    public sealed override int Arity => 1;

    /// <summary>The op at one element.</summary>
    public abstract Expr Define(Expr x);

    /// <summary>The derivative at operand <paramref name="x"/>, where the result is <paramref name="y"/>.</summary>
    public abstract Slope Derivative(Tensor x, Tensor y);

    /// <inheritdoc/>
    public sealed override Expr Body(ReadOnlySpan<Expr> operands) => Define(operands[0]);

    /// <inheritdoc/>
    public sealed override Slope[] Slopes(Tensor[] inputs, Tensor output) => [Derivative(inputs[0], output)];
}

/// <summary>An elementwise op of two operands: a definition and two derivatives.</summary>
public abstract record BinaryPrimitive : ElementwisePrimitive
{
    /// <inheritdoc/>
    public sealed override int Arity => 2;

    /// <summary>The op at one element.</summary>
    public abstract Expr Define(Expr a, Expr b);

    /// <summary>The derivatives in <paramref name="a"/> and <paramref name="b"/>, where the result is <paramref name="y"/>.</summary>
    public abstract (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y);

    /// <inheritdoc/>
    public sealed override Expr Body(ReadOnlySpan<Expr> operands) => Define(operands[0], operands[1]);

    /// <inheritdoc/>
    public sealed override Slope[] Slopes(Tensor[] inputs, Tensor output)
    {
        (Slope a, Slope b) = Derivatives(inputs[0], inputs[1], output);
        return [a, b];
    }
}

/// <summary>An elementwise op of two operands with a bool result: it has no derivative.</summary>
public abstract record ComparisonPrimitive : BinaryPrimitive
{
    /// <inheritdoc/>
    public override Accepts Accepts => Accepts.Any;

    /// <inheritdoc/>
    public sealed override DType ResultType(DType operand) => DType.Bool;

    /// <inheritdoc/>
    public sealed override (Slope A, Slope B) Derivatives(Tensor a, Tensor b, Tensor y) => (0, 0);
}

/// <summary>Which element types an op may be given.</summary>
internal static class TypeRules
{
    public static void Require(string op, Accepts accepts, DType type)
    {
        bool fits = accepts switch
        {
            Accepts.Floating => type is DType.F32 or DType.F64,
            Accepts.Numeric => type is DType.F32 or DType.F64 || type.IsInteger(),
            Accepts.Bits => type is DType.Bool || type.IsInteger(),
            _ => true,
        };
        if (fits) return;
        string wanted = accepts switch
        {
            Accepts.Floating => "a floating type",
            Accepts.Numeric => "numbers",
            _ => "integers or bool",
        };
        string cast = accepts == Accepts.Bits ? "I64" : "F32";
        throw new DTypeException($"{op}: takes {wanted}, got {type.Name()}. Cast first: x.Cast(DType.{cast}).");
    }
}

/// <summary>Broadcasting by right alignment: an axis of length 1, or one that is absent, repeats.</summary>
internal static class Broadcasting
{
    /// <summary>The common shape of two operands.</summary>
    public static Shape Join(string op, Shape a, Shape b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        int[] lengths = new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int m = i <= a.Rank ? a[a.Rank - i] : 1, n = i <= b.Rank ? b[b.Rank - i] : 1;
            if (m != n && m != 1 && n != 1) throw Mismatch(op, a, b, rank - i, m, n);
            lengths[rank - i] = m == 1 ? n : m;
        }
        return Shape.Create(lengths);
    }

    private static ShapeException Mismatch(string op, Shape a, Shape b, int axis, int m, int n)
    {
        // When a vector fits another axis of the matrix, the reshape that aligns it is nearly always what was meant.
        (Shape large, Shape small) = a.Rank >= b.Rank ? (a, b) : (b, a);
        string hint = "Lengths must be equal or 1.";
        if (small.Rank == 1)
        {
            for (int i = large.Rank - 2; i >= 0; i--)
            {
                if (large[i] != small[0]) continue;
                string ones = string.Concat(Enumerable.Repeat(", 1", large.Rank - 1 - i));
                hint = $"Use x.Reshape({small[0]}{ones}) to align on axis {i}.";
                break;
            }
        }
        return new ShapeException($"{op}: shapes {a} and {b} do not broadcast: axis {axis} is {m} vs {n}. {hint}");
    }
}
