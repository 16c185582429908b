namespace Engine.Tensors;

public static partial class Ops
{
    /// <summary>x on and below a diagonal of its last two axes, 0 above: element (i, j) is kept where j - i is at most <paramref name="diagonal"/>. Any type.</summary>
    /// <exception cref="ShapeException">The rank is below 2.</exception>
    public static Tensor Tril(Tensor x, int diagonal = 0) => Triangle("tril", x, (row, column) => column - row <= diagonal);

    /// <summary>x on and above a diagonal of its last two axes, 0 below: element (i, j) is kept where j - i is at least <paramref name="diagonal"/>. Any type.</summary>
    /// <exception cref="ShapeException">The rank is below 2.</exception>
    public static Tensor Triu(Tensor x, int diagonal = 0) => Triangle("triu", x, (row, column) => column - row >= diagonal);

    /// <summary>
    /// The elements (i, i + offset) of the last two axes: [.., m, n] to [.., k]. No element is copied when the matrices lie row-major. Empty when the diagonal lies
    /// outside.
    /// </summary>
    /// <exception cref="ShapeException">The rank is below 2.</exception>
    public static Tensor Diagonal(Tensor x, int offset = 0)
    {
        RequireMatrix("diagonal", x);
        int m = x.Shape[^2], n = x.Shape[^1], row = Math.Max(0, -offset), column = Math.Max(0, offset);
        int length = Math.Max(0, Math.Min(m - row, n - column));
        Shape lead = x.Shape[..^2], origin = Shape.Create(new int[lead.Rank]), single = Shape.Create([.. lead.Lengths.ToArray().Select(_ => 1)]);
        Tensor flat = x.Reshape([.. lead.Lengths, m * n]);
        int start = length == 0 ? 0 : (row * n) + column;
        return Slice(flat, origin.Insert(lead.Rank, start), lead.Insert(lead.Rank, length), single.Insert(lead.Rank, n + 1));
    }

    /// <summary>
    /// Square matrices that hold x on a diagonal and 0 elsewhere: [.., k] to [.., n, n] with n = k + |offset| and element (i, i + offset) from x. The transpose of
    /// <see cref="Diagonal"/>.
    /// </summary>
    /// <exception cref="ShapeException">x is a scalar.</exception>
    public static Tensor Diag(Tensor x, int offset = 0)
    {
        if (x.Rank == 0) throw new ShapeException("diag: needs at least 1 axis, got a scalar. Reshape it: x.Reshape(1).");
        int k = x.Shape[^1], n = checked(k + Math.Abs(offset));
        Shape lead = x.Shape[..^1], none = Shape.Create(new int[lead.Rank]);
        if (k == 0) return Tensor.Zeros(lead.Concat([n, n]), x.DType);
        int start = offset >= 0 ? offset : -offset * n, end = (n * n) - 1 - start - ((k - 1) * (n + 1));
        var padding = new Padding(none.Insert(lead.Rank, start), none.Insert(lead.Rank, end), none.Insert(lead.Rank, n));
        return new PadOp(padding).Apply(x).Reshape([.. lead.Lengths, n, n]);
    }

    /// <summary>The sum of a diagonal of the last two axes: [.., m, n] to [..]. Integers and bool give i64.</summary>
    /// <exception cref="ShapeException">The rank is below 2.</exception>
    public static Tensor Trace(Tensor x, int offset = 0)
    {
        RequireMatrix("trace", x);
        return Sum(Diagonal(x, offset), [-1]);
    }

    /// <summary>Every product of an element of a and one of b along their last axes: [.., m] and [.., n] to [.., m, n]. Leading axes broadcast; any numeric type.</summary>
    /// <exception cref="ShapeException">An operand is a scalar, or leading axes do not broadcast.</exception>
    public static Tensor Outer(Tensor a, Tensor b)
    {
        if (a.Rank == 0 || b.Rank == 0) throw new ShapeException($"outer: both operands need at least 1 axis, got {a.Shape} and {b.Shape}. Multiply by a scalar with *.");
        _ = Broadcasting.Join("outer", a.Shape[..^1], b.Shape[..^1]);
        return Unsqueeze(a, -1) * Unsqueeze(b, -2);
    }

    /// <summary>1 on a diagonal of a matrix, element (i, i + offset), and 0 elsewhere.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns; as many as rows when omitted.</param>
    /// <param name="offset">Above the main diagonal when positive.</param>
    /// <param name="dtype">Element type.</param>
    /// <exception cref="ShapeException">A length is negative.</exception>
    public static Tensor Eye(int rows, int? columns = null, int offset = 0, DType dtype = DType.F32)
    {
        Shape shape = [rows, columns ?? rows];
        return (Iota(shape, 1) - Iota(shape, 0)).EqualTo(offset).Cast(dtype);
    }

    private static Tensor Triangle(string op, Tensor x, Func<Tensor, Tensor, Tensor> kept)
    {
        RequireMatrix(op, x);
        Shape matrix = x.Shape[^2..];
        return Where(kept(Iota(matrix, 0), Iota(matrix, 1)), x, x.Like(0));
    }

    private static void RequireMatrix(string op, Tensor x)
    {
        if (x.Rank < 2) throw new ShapeException($"{op}: needs at least 2 axes, got {x.Shape}.");
    }
}
