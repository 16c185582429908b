using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>The iterations behind <see cref="ImplicitDiff"/>, on vectors. All stop when |g| is within a limit that depends on z, at a NaN, or after a number of steps.</summary>
/// <param name="Residual">g(z).</param>
/// <param name="Limit">The size of g that is small enough at z.</param>
/// <param name="Steps">Steps at most.</param>
internal sealed record Iterations(Func<Tensor, Tensor> Residual, Func<Tensor, Tensor> Limit, int Steps)
{
    /// <summary>z - g(z): plain fixed-point iteration.</summary>
    public Tensor[] Plain(Tensor z0) => Run(z0, [], (z, g, _, _) => (z - g, null)).Results;

    /// <summary>Newton's method: J step = -g.</summary>
    public Tensor[] Newton(Tensor z0, Func<Tensor, Tensor, Tensor> product, LinearSolver solver) =>
        Run(z0, [], (z, g, _, _) => (z - LinearSystem.Solve(x => product(x, z), g, solver), null)).Results;

    /// <summary>
    /// Anderson's method (type II, in differences; Walker and Ni 2011): with r = -g and the last m changes of r and of z + r as rows of R and F, the next point is
    /// z + r - F^T c, where c makes |r - R^T c|^2 + regularization |D c|^2 least and D holds the lengths of the rows of R.
    /// </summary>
    public Tensor[] Anderson(Tensor z0, int memory, double mixing, double regularization)
    {
        int n = z0.Count;
        DType type = z0.DType;
        Tensor none = Tensor.Zeros([memory, n], type);
        return Run(z0, [none, none], (z, g, state, k) =>
        {
            (Tensor rows, Tensor moves) = (state[0], state[1]);
            Tensor lengths = Ops.Sqrt((rows * rows).Sum(1)), filled = (lengths > 0).Cast(type);
            Tensor unit = Ops.Where(lengths > 0, 1 / lengths, lengths * 0).Reshape(memory, 1) * rows;
            Tensor gram = Ops.MatMul(unit, unit.T) + Ops.Diag(regularization + 1 - filled);
            Tensor c = Ops.Solve(gram, LinearSystem.Times(unit, -g).Reshape(memory, 1)).Reshape(memory);
            c = Ops.Where(lengths > 0, c / lengths, lengths * 0);
            // Moves hold changes of z alone; those of z + mixing r follow.
            Tensor next = z - (mixing * g) - LinearSystem.TransposeTimes(moves + (mixing * rows), c);
            return (next, changed);

            Tensor[] changed(Tensor after, Tensor gAfter)
            {
                Tensor slot = Ops.OneHot(Remainder(k, memory), memory, type);
                return [Placed(rows, slot, g - gAfter), Placed(moves, slot, after - z)];
            }
        }).Results;
    }

    /// <summary>
    /// Broyden's good method with the inverse I + U^T V kept in its rank-one terms (Broyden 1965). When the memory is full it starts again from I. An update with a
    /// denominator of rounding size is left out. Further results: U and V.
    /// </summary>
    public Tensor[] Broyden(Tensor z0, int memory)
    {
        DType type = z0.DType;
        Tensor none = Tensor.Zeros([memory, z0.Count], type);
        (Tensor[] results, Tensor[] end) = Run(z0, [none, none], (z, g, state, k) =>
        {
            (Tensor u, Tensor v) = (state[0], state[1]);
            Tensor step = -Inverse(u, v, g);
            return (z + step, changed);

            Tensor[] changed(Tensor after, Tensor gAfter)
            {
                Tensor at = Remainder(k, memory), keep = (at > 0).Cast(type);
                (Tensor u0, Tensor v0) = (u * keep, v * keep);
                Tensor hy = Inverse(u0, v0, gAfter - g), sh = Inverse(v0, u0, step);
                Tensor denominator = LinearSystem.Dot(step, hy);
                Tensor safe = Ops.Abs(denominator) > 1e-14 * LinearSystem.Norm(step) * LinearSystem.Norm(hy);
                Tensor row = Ops.Where(safe, (step - hy) / Ops.Where(safe, denominator, denominator.Like(1)), step * 0);
                Tensor slot = Ops.OneHot(at, memory, type);
                return [Placed(u0, slot, row), Placed(v0, slot, sh)];
            }
        });
        return [.. results, .. end];
    }

    /// <summary>A step from (z, g, state, number of the step), and how the state changes once z and g are known after it.</summary>
    private delegate (Tensor Next, Func<Tensor, Tensor, Tensor[]>? Update) Step(Tensor z, Tensor g, Tensor[] state, Tensor k);

    private (Tensor[] Results, Tensor[] State) Run(Tensor z0, Tensor[] state, Step step)
    {
        Tensor g0 = Residual(z0);
        TensorList end = ControlFlow.While(
            new TensorList([z0, g0, Tensor.Scalar(0, DType.I64), .. state]),
            // NaN is not greater than the limit.
            s => Ops.And(LinearSystem.Norm(s.Items[1]) > Limit(s.Items[0]), s.Items[2] < Steps),
            s =>
            {
                (Tensor z, Tensor g, Tensor k) = (s.Items[0], s.Items[1], s.Items[2]);
                (Tensor next, Func<Tensor, Tensor, Tensor[]>? update) = step(z, g, s.Items[3..], k);
                Tensor after = Residual(next);
                return new([next, after, k + 1, .. update?.Invoke(next, after) ?? []]);
            });
        Tensor size = LinearSystem.Norm(end.Items[1]);
        return ([end.Items[0], end.Items[2], size, size <= Limit(end.Items[0])], end.Items[3..]);
    }

    private static Tensor Inverse(Tensor u, Tensor v, Tensor x) => x + LinearSystem.TransposeTimes(u, LinearSystem.Times(v, x));

    private static Tensor Placed(Tensor rows, Tensor slot, Tensor row) => (rows * (1 - slot).Reshape(slot.Count, 1)) + Ops.Outer(slot, row);

    private static Tensor Remainder(Tensor k, int memory) => k - (Ops.Floor(k.Cast(DType.F64) / memory).Cast(DType.I64) * memory);
}
