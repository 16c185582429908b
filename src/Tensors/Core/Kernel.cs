namespace Engine.Tensors;

/// <summary>
/// How the additions of a kernel are ordered. The order is a function of logical shape, axis and element type only, never of strides, threads,
/// SIMD width, device or blocking, so that every device gives the same bits.
/// </summary>
public enum Accumulation : byte
{
    /// <summary>The kernel adds nothing.</summary>
    None,

    /// <summary>One chain in index order, starting from +0 (fused multiply-adds where there is a product).</summary>
    InOrder,

    /// <summary>
    /// Element i goes to lane i mod 64 inside fixed chunks of 16,384; lanes start from +0, add in index order and combine at distances 32, 16, 8, 4, 2, 1;
    /// chunk results combine pairwise in index order.
    /// </summary>
    LaneTree,

    /// <summary>Element i goes to lane i mod 16 as a chain of fused multiply-adds from +0; lanes combine at distances 8, 4, 2, 1.</summary>
    DotTree,

    /// <summary>
    /// Keys in blocks of 96 in index order. A block first raises the running maximum m of a row; what has been summed before is multiplied by 2^(old m - m).
    /// Then weight 2^(score - m) of key j is added to lane j mod 16 of the row's sum, and its value to the result as one chain of fused multiply-adds, both in
    /// index order. At the end lanes combine at distances 8, 4, 2, 1 and the result is multiplied by the reciprocal of the sum.
    /// </summary>
    KeyBlocks,
}

/// <summary>What a reduction computes.</summary>
public enum ReduceOp : byte
{
    /// <summary>Sum; of bool or integers in i64.</summary>
    Sum,

    /// <summary>Product.</summary>
    Prod,

    /// <summary>Greatest; NaN if any is NaN.</summary>
    Max,

    /// <summary>Least; NaN if any is NaN.</summary>
    Min,

    /// <summary>Index of the first greatest along one axis, i64; the first NaN wins.</summary>
    ArgMax,

    /// <summary>Index of the first least along one axis, i64; the first NaN wins.</summary>
    ArgMin,
}

/// <summary>Which of the three bilinear maps of a convolution a kernel computes.</summary>
public enum ConvolutionPass : byte
{
    /// <summary>(x, w) to y. Order of k: (channel, ky, kx).</summary>
    Forward,

    /// <summary>(dy, w) to dx. Order of k: (out channel, ky, kx).</summary>
    InputGradient,

    /// <summary>(x, dy) to dw. Order of k: (image, y, x).</summary>
    WeightGradient,
}

/// <summary>
/// One launch as a backend sees it: about ten shapes, pure data with value equality. Operands are described beside it by <see cref="Operand"/>s,
/// which carry element types and layouts; every kernel takes operands of any layout and writes row-major results.
/// </summary>
public abstract record Kernel
{
    /// <summary>The order in which the kernel accumulates.</summary>
    public virtual Accumulation Order => Accumulation.None;
}

/// <summary>out_k[i] = body_k(in0[i], in1[i], ...): operands and results share one shape (broadcast operands have stride 0).</summary>
/// <param name="Bodies">A scalar expression per result. Parts they share are computed once.</param>
public sealed record MapKernel(Exprs Bodies) : Kernel
{
    /// <summary>A map with one result.</summary>
    public MapKernel(Expr body) : this([body])
    {
    }
}

/// <summary>
/// Reduces axes of one operand; the result has the remaining axes. Several axes are reduced as one, in row-major order of their elements.
/// An empty Max, Min, ArgMax or ArgMin is refused when the op is called; an empty Sum is 0, an empty Prod is 1.
/// </summary>
/// <param name="Op">What is computed.</param>
/// <param name="Axes">The axes reduced.</param>
public sealed record ReduceKernel(ReduceOp Op, Axes Axes) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Op is ReduceOp.Sum or ReduceOp.Prod ? Accumulation.LaneTree : Accumulation.None;
}

/// <summary>
/// Rows of a matrix [R, n]: values of whole rows, and of elements that depend on them. Operands have shape [R, n] (a value per row has stride 0 along it).
/// The stages are computed in order; the value of stage s is <c>Input(operands + s)</c> to later stages and to the bodies. A result of shape [R, n] has its body at
/// every element; one of shape [R] has a body that reads no element, only values of the row.
/// </summary>
/// <param name="Rows">R.</param>
/// <param name="Length">n, at least 2.</param>
/// <param name="Stages">What is reduced over each row.</param>
/// <param name="Bodies">A scalar expression per result.</param>
public sealed record RowsKernel(int Rows, int Length, RowStages Stages, Exprs Bodies) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.LaneTree;
}

/// <summary>A reduction of an expression over the elements of a row: a sum, product, maximum or minimum.</summary>
/// <param name="Op">What is computed.</param>
/// <param name="Body">Of what.</param>
public readonly record struct RowStage(ReduceOp Op, Expr Body);

/// <summary>
/// [..., m, k] x [..., k, n] to [..., m, n]; the batch axes of both operands are equal (broadcast ones have stride 0). f32 or f64.
/// InOrder over k when min(m, n) >= 2, DotTree when it is 1.
/// </summary>
/// <param name="Rows">m.</param>
/// <param name="Columns">n.</param>
/// <param name="Symmetric">Every element above the diagonal is the one across it: only those on and below are products. m is n.</param>
public sealed record MatMulKernel(int Rows, int Columns, bool Symmetric = false) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Math.Min(Rows, Columns) >= 2 ? Accumulation.InOrder : Accumulation.DotTree;
}

/// <summary>
/// A two-dimensional convolution or one of its two gradients: x [N, C, H, W], w [O, C / groups, KH, KW], y [N, O, OH, OW]; padding counts as zeros.
/// Fused multiply-adds in the order that <see cref="ConvolutionPass"/> gives, padding positions included or not (they add zero products, which change no bit).
/// </summary>
/// <param name="Pass">Which map.</param>
/// <param name="Window">Stride, padding, dilation, groups.</param>
public sealed record ConvolutionKernel(ConvolutionPass Pass, ConvolutionWindow Window) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// A product, and a map that reads it: a backend applies the map to every part of the product as soon as the part is computed. Operands are those of the producer, then the map's
/// others; results are the product, then the map's. In the bodies the map's operands come first, then the product. Elements of all of them correspond in row-major order.
/// The product may lie in the memory of one of the map's results of its element type, when nothing else reads it.
/// </summary>
/// <param name="Producer">A matrix product, or a convolution that has images as its result.</param>
/// <param name="ProducerOperands">How many operands are the producer's.</param>
/// <param name="Bodies">A scalar expression per result of the map.</param>
public sealed record EpilogueKernel(Kernel Producer, int ProducerOperands, Exprs Bodies) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Producer.Order;
}

/// <summary>
/// Operands (q [..., T, D], k [..., S, D], v [..., S, E]) and optionally a mask [..., T, S], bool or floating, with equal leading axes, to
/// softmax(q k^T * scale + mask) v [..., T, E] and the base-2 logarithm of every query's sum of exponentials [..., T]. A key whose mask is false or -inf, or which
/// lies behind the diagonal, is hidden: its score is -inf. A query that sees no key gives 0 and the logarithm +inf. f32 or f64.
/// Scores are in units of log(2): fused multiply-adds over d in index order of q * (scale * log2(e)) and k, to which mask * log2(e) is added.
/// </summary>
/// <param name="Scale">Factor of the products.</param>
/// <param name="Causal">Query i sees key j only when j &lt;= i + S - T.</param>
public sealed record AttentionKernel(double Scale, bool Causal) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.KeyBlocks;
}

/// <summary>
/// Operands (q, k, v[, mask]) and results (output, logarithms) of <see cref="AttentionKernel"/> and the output's cotangent, to the cotangents of q, k and v.
/// Weights P are computed again as 2^(score - logarithm). With c the sum over e of cotangent * output (16 lanes as in <see cref="Accumulation.DotTree"/>),
/// A = cotangent v^T and B = P (A - c), the results are scale B k, scale B^T q and P^T cotangent: fused multiply-adds, A over e, the first result over keys,
/// the others over queries. The second is summed over q * (scale * log2(e)) and multiplied by log(2).
/// </summary>
/// <param name="Scale">Factor of the products.</param>
/// <param name="Causal">Query i sees key j only when j &lt;= i + S - T.</param>
public sealed record AttentionGradientKernel(double Scale, bool Causal) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// The transpose of the sliding-window view: [.., O1, .., Ok, K1, .., Kk] to [.., S1, .., Sk], adding every window element to its place
/// in row-major order of the operand's elements.
/// </summary>
/// <param name="Window">The windows; the lengths of the result's last axes are in it.</param>
public sealed record FoldKernel(SlidingWindow Window) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>The greatest element of every window over the last two axes; NaN if there is one.</summary>
/// <param name="Window">The windows; the lengths of the operand's last axes are in it.</param>
public sealed record MaxPoolKernel(SlidingWindow Window) : Kernel;

/// <summary>
/// Operand and result of <see cref="MaxPoolKernel"/> and the result's cotangent, to the operand's cotangent. With m 1 for the elements of a window that equal its result, else 0,
/// and n the sum of m, each window element is given cotangent * (m / n); these are added as <see cref="FoldKernel"/> adds.
/// </summary>
/// <param name="Window">The windows; the lengths of the result's last axes are in it.</param>
public sealed record MaxPoolGradientKernel(SlidingWindow Window) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Operands (x, indices). The first <paramref name="BatchAxes"/> axes of both are shared; result shape: batch + x[BatchAxes..Axis] + indices[BatchAxes..] + x[Axis+1..].
/// Indices are i64 or i32 and are checked: one out of range throws <see cref="ShapeException"/>.
/// </summary>
/// <param name="Axis">The axis of x that is indexed.</param>
/// <param name="BatchAxes">How many leading axes x and indices share.</param>
public sealed record GatherKernel(int Axis, int BatchAxes) : Kernel;

/// <summary>
/// The transpose of <see cref="GatherKernel"/>: operands (updates, indices) to zeros of x's shape with every update added at its place, in index order.
/// </summary>
/// <param name="Axis">The axis of the result that is indexed.</param>
/// <param name="BatchAxes">How many leading axes the result and indices share.</param>
/// <param name="Length">Length of that axis.</param>
public sealed record ScatterAddKernel(int Axis, int BatchAxes, int Length) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>
/// Inclusive running reduction along an axis, in index order from the front, or from the back when reversed: sums and products (of bool or integers in i64), or the
/// index (i64) of the greatest or least element so far, of which the one met first counts; the first NaN wins and stays.
/// </summary>
/// <param name="Axis">The axis.</param>
/// <param name="Reverse">From the back.</param>
/// <param name="Op">Sum, Prod, ArgMax or ArgMin.</param>
public sealed record ScanKernel(int Axis, bool Reverse, ReduceOp Op = ReduceOp.Sum) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Op is ReduceOp.Sum or ReduceOp.Prod ? Accumulation.InOrder : Accumulation.None;
}

/// <summary>
/// Operands (a, b) of one shape, f32 or f64, to h with h[0] = b[0] and h[t] = fma(a[t], h[t-1], b[t]) along an axis, from the back when reversed; the first element
/// of a is not read.
/// </summary>
/// <param name="Axis">The axis.</param>
/// <param name="Reverse">From the back.</param>
public sealed record RecurrenceKernel(int Axis, bool Reverse) : Kernel
{
    /// <inheritdoc/>
    public override Accumulation Order => Accumulation.InOrder;
}

/// <summary>Indices (i64) that sort the operand along an axis: ascending, stable, NaN last, -0 equal to +0.</summary>
/// <param name="Axis">The axis.</param>
public sealed record SortKernel(int Axis) : Kernel;

/// <summary>The operand set into a larger tensor of zeros: before, between and after its elements per axis.</summary>
/// <param name="Padding">How much.</param>
public sealed record PadKernel(Padding Padding) : Kernel;

/// <summary>Operands one after another along an axis.</summary>
/// <param name="Axis">The axis.</param>
public sealed record ConcatKernel(int Axis) : Kernel;
