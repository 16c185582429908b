using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Initial value problems dy/dt = f(t, y), y(times[0]) = initial, as functions of the initial state, of the times and of the outer tensors that f uses. Each is one region
/// of a plan. Times may run forwards, backwards or turn.
/// </summary>
public static class Odes
{
    /// <summary>
    /// The classical Runge-Kutta method of order 4 with equal steps. Derivatives are those of the computed numbers, exact to rounding (discretize, then differentiate);
    /// reverse mode keeps the state before every step, or before every interval under <see cref="Transform.Checkpoint(Func{Tensor, Tensor})"/>.
    /// </summary>
    /// <param name="field">From (t, y) to dy/dt, of y's form; t is a scalar of y's element type. Traced once.</param>
    /// <param name="initial">The state at the first time: f32 or f64 leaves, all alike.</param>
    /// <param name="times">[T], T at least 1: where the state is wanted.</param>
    /// <param name="steps">Steps from each time to the next.</param>
    /// <returns>The states at the times, leaves [T, ...]; the first is the initial one.</returns>
    /// <exception cref="ShapeException">Times are no vector or empty, or the field changes the form of the state.</exception>
    /// <exception cref="DTypeException">The state is not all f32 or all f64.</exception>
    public static TState RungeKutta4<TState>(Func<Tensor, TState, TState> field, TState initial, Tensor times, int steps)
        where TState : ITree<TState>
    {
        if (steps < 1) throw new ArgumentOutOfRangeException(nameof(steps), $"rungeKutta4: the number of steps must be positive, got {steps}.");
        var flat = new FlatState<TState>("rungeKutta4", initial);
        DType type = flat.Spec.DType;
        Tensor t = Times("rungeKutta4", times), y0 = flat.Pack(initial);
        Tensor slope(Tensor at, Tensor y) => flat.Pack(field(at.Cast(type), flat.Unpack(y)));
        Tensor after = ControlFlow.Scan(y0, new Pair<Tensor, Tensor>(t[..^1], t[1..]), (Tensor start, Pair<Tensor, Tensor> ends) =>
        {
            Tensor h = (ends.Second - ends.First) / steps, hy = h.Cast(type);
            Tensor end = ControlFlow.Loop(steps, start, (k, y) =>
            {
                Tensor now = ends.First + (k.Cast(DType.F64) * h), middle = now + (0.5 * h);
                Tensor k1 = slope(now, y), k2 = slope(middle, y + (0.5 * hy * k1)), k3 = slope(middle, y + (0.5 * hy * k2)), k4 = slope(now + h, y + (hy * k3));
                return y + (hy / 6 * (k1 + (2 * k2) + (2 * k3) + k4));
            });
            return (end, end);
        }).Results;
        return flat.UnpackStacked(Ops.Concat([y0.Reshape(1, y0.Count), after], 0));
    }

    /// <summary>
    /// The method of Dormand and Prince (1980) of order 5 with an error estimate of order 4, step control with a PI controller (Hairer, Norsett and Wanner, Solving
    /// Ordinary Differential Equations I, II.4) and steps that end on the given times. Derivatives are those of the exact solution, computed to the same tolerances by
    /// further initial value problems: forward along the sensitivities, reverse along the continuous adjoint (Pontryagin et al. 1962; Chen et al. 2018) with memory that
    /// does not depend on the number of steps; so is every higher order.
    /// </summary>
    /// <remarks>
    /// The adjoint integrates the state backwards again from each time, where the kept state is taken up: systems that contract strongly need times close to each other, or
    /// <see cref="RungeKutta4"/>. One step size serves the whole state; over a batch by <c>Vmap</c> each example has its own.
    /// </remarks>
    /// <param name="field">From (t, y) to dy/dt, of y's form; t is a scalar of y's element type. Traced once.</param>
    /// <param name="initial">The state at the first time: f32 or f64 leaves, all alike.</param>
    /// <param name="times">[T], T at least 1: where the state is wanted.</param>
    /// <param name="options">Tolerances.</param>
    /// <exception cref="ShapeException">Times are no vector or empty, or the field changes the form of the state.</exception>
    /// <exception cref="DTypeException">The state is not all f32 or all f64.</exception>
    public static OdeSolution<TState> DormandPrince<TState>(Func<Tensor, TState, TState> field, TState initial, Tensor times, OdeOptions? options = null)
        where TState : ITree<TState>
    {
        OdeOptions o = options ?? new();
        if (!(o.RelativeTolerance >= 0 && o.AbsoluteTolerance >= 0 && o.RelativeTolerance + o.AbsoluteTolerance > 0) || o.MaxSteps < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options),
                $"dormandPrince: one tolerance and the number of steps must be positive, got {o.RelativeTolerance}, {o.AbsoluteTolerance} and {o.MaxSteps}.");
        }
        var flat = new FlatState<TState>("dormandPrince", initial);
        Tensor t = Times("dormandPrince", times), y0 = flat.Pack(initial);
        Graph slope = Graph.Of("dormandPrince", [new TensorSpec(flat.Spec.DType, Shape.Scalar), flat.Spec], s => [flat.Pack(field(s[0], flat.Unpack(s[1])))]).Lift(out Tensor[] captured);
        Tensor first = Ops.StopGradient(t.Shape[0] > 1 ? new DormandPrince((at, y) => slope.Replay([at, y, .. captured])[0], o).FirstStep(t[0], t[1], y0) : Tensor.Scalar(0, DType.F64));
        Tensor[] results = OdeOp.Solve(slope, o, y0, t, first, captured);
        Tensor states = Ops.Concat([y0.Reshape(1, y0.Count), results[0]], 0);
        return new(flat.UnpackStacked(states), results[2], results[3], results[4]);
    }

    private static Tensor Times(string op, Tensor times)
    {
        if (times.Rank != 1 || times.Count == 0) throw new ShapeException($"{op}: the times must be a vector with at least one element, got {times.Spec}.");
        return times.Cast(DType.F64);
    }
}

/// <summary>Options of <see cref="Odes.DormandPrince"/>.</summary>
public sealed record OdeOptions
{
    /// <summary>Error of a step allowed per size of the state.</summary>
    public double RelativeTolerance { get; init; } = 1e-6;

    /// <summary>Error of a step allowed in any case. The root mean square of error / (absolute + relative |y|) is held below 1.</summary>
    public double AbsoluteTolerance { get; init; } = 1e-9;

    /// <summary>Steps at most, accepted and rejected, from each time to the next.</summary>
    public int MaxSteps { get; init; } = 10_000;
}

/// <summary>The result of an integration.</summary>
/// <param name="States">The states at the times, leaves [T, ...]; the first is the initial one. NaN after the last time that was reached.</param>
/// <param name="Accepted">Steps accepted, i64.</param>
/// <param name="Rejected">Steps rejected, i64.</param>
/// <param name="Succeeded">Whether every time was reached.</param>
public sealed record OdeSolution<T>(T States, Tensor Accepted, Tensor Rejected, Tensor Succeeded) : ITree<OdeSolution<T>>
    where T : ITree<T>
{
    /// <inheritdoc/>
    public int LeafCount => States.LeafCount + 3;

    /// <inheritdoc/>
    public object StructureKey => (typeof(OdeSolution<T>), States.StructureKey);

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves)
    {
        int n = States.LeafCount;
        States.CopyLeaves(leaves[..n]);
        (leaves[n], leaves[n + 1], leaves[n + 2]) = (Accepted, Rejected, Succeeded);
    }

    /// <inheritdoc/>
    public OdeSolution<T> WithLeaves(ReadOnlySpan<Tensor> leaves)
    {
        int n = States.LeafCount;
        return new(States.WithLeaves(leaves[..n]), leaves[n], leaves[n + 1], leaves[n + 2]);
    }
}
