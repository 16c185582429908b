using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Solutions of equations as functions of the equations' parameters. The iteration is one region of a plan; derivatives are those of the solution (implicit function
/// theorem), of every order, forward and reverse, and cost one linear system each, whatever the number of steps. They hold the better, the closer the iteration
/// came. The parameters, and outer tensors that the function uses, are differentiated; the first guess is not, because the solution does not depend on it.
/// </summary>
public static class ImplicitDiff
{
    /// <summary>z with z = f(parameters, z).</summary>
    /// <param name="f">From (parameters, z) to a tree of z's form. Traced once.</param>
    /// <param name="parameters">What f depends on; <see cref="TensorList"/> for several tensors.</param>
    /// <param name="initial">The first guess: f32 or f64 leaves, all alike. They are seen as one vector.</param>
    /// <param name="options">The iteration and the solver of the derivative.</param>
    /// <exception cref="ShapeException">f changes the form of z, or z has no elements.</exception>
    /// <exception cref="DTypeException">z is not all f32 or all f64.</exception>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    public static Solution<TState> FixedPoint<TParameters, TState>(
        Func<TParameters, TState, TState> f, TParameters parameters, TState initial, FixedPointOptions? options = null)
        where TParameters : ITree<TParameters>
        where TState : ITree<TState>
    {
        FixedPointOptions o = options ?? new();
        Check("fixedPoint", o.MaxIterations, o.Memory, o.Tolerance, o.Derivative, o.Method == FixedPointMethod.Broyden);
        if (!(o.Regularization >= 0)) throw new ArgumentOutOfRangeException(nameof(options), $"fixedPoint: the regularization must not be negative, got {o.Regularization}.");
        var flat = new FlatState<TState>("fixedPoint", initial);
        double tolerance = LinearSystem.Tolerance(o.Tolerance, flat.Spec.DType);
        return Solve("fixedPoint", flat, parameters, initial, o.Derivative, (p, z) => z - flat.Pack(f(p, flat.Unpack(z))), (residual, z0, _) =>
        {
            var iterations = new Iterations(residual, z => tolerance * (1 + LinearSystem.Norm(z)), o.MaxIterations);
            return o.Method switch
            {
                FixedPointMethod.Plain => iterations.Plain(z0),
                FixedPointMethod.Anderson => iterations.Anderson(z0, o.Memory, o.Mixing, o.Regularization),
                _ => iterations.Broyden(z0, o.Memory),
            };
        });
    }

    /// <summary>z with g(parameters, z) = 0.</summary>
    /// <param name="g">From (parameters, z) to a tree of z's form. Traced once. Its Jacobian in z must be regular at the root.</param>
    /// <param name="parameters">What g depends on; <see cref="TensorList"/> for several tensors.</param>
    /// <param name="initial">The first guess: f32 or f64 leaves, all alike. They are seen as one vector.</param>
    /// <param name="options">The iteration and the solver of the derivative.</param>
    /// <exception cref="ShapeException">g changes the form of z, or z has no elements.</exception>
    /// <exception cref="DTypeException">z is not all f32 or all f64.</exception>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    public static Solution<TState> Root<TParameters, TState>(
        Func<TParameters, TState, TState> g, TParameters parameters, TState initial, RootOptions? options = null)
        where TParameters : ITree<TParameters>
        where TState : ITree<TState>
    {
        RootOptions o = options ?? new();
        Check("root", o.MaxIterations, o.Memory, o.Tolerance, o.Derivative, o.Method == RootMethod.Broyden);
        if (o.Newton.Method == LinearMethod.SharedInverse) throw new ArgumentException("root: Newton's method has no inverse estimate to share. Use LinearSolver.Gmres() or RootMethod.Broyden.");
        var flat = new FlatState<TState>("root", initial);
        double tolerance = LinearSystem.Tolerance(o.Tolerance, flat.Spec.DType);
        return Solve("root", flat, parameters, initial, o.Derivative, (p, z) => flat.Pack(g(p, flat.Unpack(z))), (residual, z0, product) =>
        {
            Tensor size = LinearSystem.Norm(residual(z0)), limit = tolerance * Ops.Maximum(size, size.Like(1));
            var iterations = new Iterations(residual, _ => limit, o.MaxIterations);
            return o.Method == RootMethod.Newton ? iterations.Newton(z0, product, o.Newton) : iterations.Broyden(z0, o.Memory);
        });
    }

    private delegate Tensor[] Iteration(Func<Tensor, Tensor> residual, Tensor z0, Func<Tensor, Tensor, Tensor> product);

    private static Solution<TState> Solve<TParameters, TState>(
        string op, FlatState<TState> flat, TParameters parameters, TState initial, LinearSolver derivative, Func<TParameters, Tensor, Tensor> residual, Iteration iteration)
        where TParameters : ITree<TParameters>
        where TState : ITree<TState>
    {
        Tensor[] p = Tree.Leaves(parameters);
        TensorSpec[] specs = [flat.Spec, .. p.Select(t => t.Spec)];
        Graph equation = Graph.Of(op, specs, s => [residual(parameters.WithLeaves(s.AsSpan(1)), s[0])]).Lift(out Tensor[] captured);
        specs = [.. specs, .. captured.Select(t => t.Spec)];
        Graph product = ImplicitOp.Pushed(op, equation);
        Graph solution = Graph.Of(op, specs, s =>
            iteration(z => equation.Replay([z, .. s[1..]])[0], s[0], (x, z) => product.Replay([x, z, .. s[1..]])[0]));
        Tensor[] results = new ImplicitOp(solution, equation, derivative).Bind([flat.Pack(initial), .. p, .. captured, .. solution.Captures]);
        return new(flat.Unpack(results[0]), results[1], Ops.StopGradient(results[2]), results[3]);
    }

    private static void Check(string op, int iterations, int memory, double? tolerance, LinearSolver derivative, bool broyden)
    {
        if (iterations < 1 || memory < 1) throw new ArgumentOutOfRangeException(nameof(iterations), $"{op}: iterations and memory must be positive, got {iterations} and {memory}.");
        if (tolerance is { } t && !(t >= 0)) throw new ArgumentOutOfRangeException(nameof(tolerance), $"{op}: the tolerance must not be negative, got {t}.");
        if (derivative.Method == LinearMethod.SharedInverse && !broyden)
            throw new ArgumentException($"{op}: the shared inverse is made by Broyden's method only. Set Method to Broyden, or use LinearSolver.Gmres().");
    }
}

/// <summary>The result of an iteration.</summary>
/// <param name="Value">Where it ended.</param>
/// <param name="Iterations">Steps made, i64.</param>
/// <param name="Residual">The Euclidean norm of f(z) - z or g(z) at the end. Without derivative.</param>
/// <param name="Converged">Whether the residual is within the tolerance; false also for NaN. Derivatives mean something only when it is true.</param>
public sealed record Solution<T>(T Value, Tensor Iterations, Tensor Residual, Tensor Converged) : ITree<Solution<T>>
    where T : ITree<T>
{
    /// <inheritdoc/>
    public int LeafCount => Value.LeafCount + 3;

    /// <inheritdoc/>
    public object StructureKey => (typeof(Solution<T>), Value.StructureKey);

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves)
    {
        int n = Value.LeafCount;
        Value.CopyLeaves(leaves[..n]);
        (leaves[n], leaves[n + 1], leaves[n + 2]) = (Iterations, Residual, Converged);
    }

    /// <inheritdoc/>
    public Solution<T> WithLeaves(ReadOnlySpan<Tensor> leaves)
    {
        int n = Value.LeafCount;
        return new(Value.WithLeaves(leaves[..n]), leaves[n], leaves[n + 1], leaves[n + 2]);
    }
}
