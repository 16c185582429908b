using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Solutions of linear equations whose matrix is given by its products with vectors. A vector may have any shape; products of vectors run over all elements. The iteration is one region
/// of a plan. Derivatives in the right side and in what the operator uses are those of the solution, of every order, by further solutions (implicit function theorem); the first
/// guess and the preconditioner have none. An iteration that does not reach its tolerance gives its last iterate, and <see cref="Solution{T}.Converged"/> is false.
/// </summary>
public static class LinearSolvers
{
    /// <summary>
    /// x with A x = b for a symmetric positive definite A, which is not checked, by conjugate gradients (Hestenes and Stiefel 1952). Derivatives are solved for without the preconditioner.
    /// </summary>
    /// <param name="a">From x to A x, of x's shape. Traced once.</param>
    /// <param name="b">The right side, f32 or f64.</param>
    /// <param name="initial">The first guess; zero when null.</param>
    /// <param name="preconditioner">From r to M r with M symmetric positive definite and near the inverse of A; the identity when null.</param>
    /// <param name="tolerance">Of the residual relative to the norm of b; 100 roundings of the element type when null.</param>
    /// <param name="maxIterations">Steps at most.</param>
    /// <exception cref="ShapeException">The operator changes the shape, or the first guess has another.</exception>
    /// <exception cref="DTypeException">b is neither f32 nor f64.</exception>
    public static Solution<Tensor> ConjugateGradient(
        Func<Tensor, Tensor> a, Tensor b, Tensor? initial = null, Func<Tensor, Tensor>? preconditioner = null, double? tolerance = null, int maxIterations = 1000) =>
        Solve("conjugateGradient", a, b, initial, LinearSolver.ConjugateGradient(tolerance, maxIterations), (apply, right, x0) =>
        {
            Func<Tensor, Tensor> improve = preconditioner is null ? r => r : r => preconditioner(r.Reshape(b.Shape.Lengths)).Reshape(r.Count);
            Tensor limit = LinearSystem.Norm(right) * LinearSystem.Tolerance(tolerance, right.DType);
            TensorList end = LinearSystem.ConjugateGradient(apply, improve, x0, right - apply(x0), limit, maxIterations);
            return (end.Items[0], end.Items[4], LinearSystem.Norm(end.Items[1]), limit);
        });

    /// <summary>
    /// x with A x = b for a symmetric A, definite or not, by the minimal residual method (Paige and Saunders 1975). A singular A with b in its range gives a solution. Derivatives are solved for by
    /// the generalized minimal residual method.
    /// </summary>
    /// <param name="a">From x to A x, of x's shape. Traced once.</param>
    /// <param name="b">The right side, f32 or f64.</param>
    /// <param name="initial">The first guess; zero when null.</param>
    /// <param name="tolerance">Of the residual relative to the norm of b; 100 roundings of the element type when null.</param>
    /// <param name="maxIterations">Steps at most.</param>
    /// <exception cref="ShapeException">The operator changes the shape, or the first guess has another.</exception>
    /// <exception cref="DTypeException">b is neither f32 nor f64.</exception>
    public static Solution<Tensor> Minres(Func<Tensor, Tensor> a, Tensor b, Tensor? initial = null, double? tolerance = null, int maxIterations = 1000) =>
        Solve("minres", a, b, initial, LinearSolver.Gmres(tolerance, maxIterations), (apply, right, x0) =>
        {
            Tensor limit = LinearSystem.Norm(right) * LinearSystem.Tolerance(tolerance, right.DType), r0 = right - apply(x0), size = LinearSystem.Norm(r0);
            Tensor zero = size.Like(0), one = size.Like(1), none = Tensor.Zeros(right.Shape, right.DType);
            // x, residual's norm, steps; the last two vectors of the basis and the norm between them; the last two rotations; the last two directions; the right side's rest.
            TensorList start = new(x0, size, Tensor.Scalar(0, DType.I64), none, r0 / Positive(size), zero, one, zero, one, zero, none, none, size);
            TensorList end = ControlFlow.While(start, s => Ops.And(s.Items[1] > limit, s.Items[2] < maxIterations), s =>
            {
                (Tensor before, Tensor v, Tensor beta) = (s.Items[3], s.Items[4], s.Items[5]);
                (Tensor cosine0, Tensor sine0, Tensor cosine1, Tensor sine1) = (s.Items[6], s.Items[7], s.Items[8], s.Items[9]);
                Tensor av = apply(v), alpha = LinearSystem.Dot(v, av);
                Tensor w = av - (alpha * v) - (beta * before), next = LinearSystem.Norm(w);
                Tensor delta = (cosine1 * alpha) - (cosine0 * sine1 * beta);
                Tensor above = (sine1 * alpha) + (cosine0 * cosine1 * beta), top = sine0 * beta, diagonal = Positive(Ops.Sqrt((delta * delta) + (next * next)));
                Tensor cosine = delta / diagonal, sine = next / diagonal;
                Tensor direction = (v - (top * s.Items[10]) - (above * s.Items[11])) / diagonal, rest = s.Items[12];
                return new(
                    s.Items[0] + (cosine * rest * direction), Ops.Abs(sine * rest), s.Items[2] + 1, v, w / Positive(next), next, cosine1, sine1, cosine, sine, s.Items[11], direction, -sine * rest);
            });
            return (end.Items[0], end.Items[2], end.Items[1], limit);
        });

    /// <summary>
    /// x with A x = b for any regular A, by the generalized minimal residual method (Saad and Schultz 1986), restarted, preconditioned from the right. Derivatives are solved for without the
    /// preconditioner.
    /// </summary>
    /// <param name="a">From x to A x, of x's shape. Traced once.</param>
    /// <param name="b">The right side, f32 or f64.</param>
    /// <param name="initial">The first guess; zero when null.</param>
    /// <param name="preconditioner">From r to M r, linear, with M near the inverse of A; the identity when null.</param>
    /// <param name="tolerance">Of the residual relative to the norm of b; 100 roundings of the element type when null.</param>
    /// <param name="maxIterations">Products with the operator at most, in whole cycles. The result counts whole cycles, too.</param>
    /// <param name="restart">Length of a cycle; a cycle keeps restart + 1 vectors.</param>
    /// <exception cref="ShapeException">The operator changes the shape, or the first guess has another.</exception>
    /// <exception cref="DTypeException">b is neither f32 nor f64.</exception>
    public static Solution<Tensor> Gmres(
        Func<Tensor, Tensor> a, Tensor b, Tensor? initial = null, Func<Tensor, Tensor>? preconditioner = null, double? tolerance = null, int maxIterations = 300, int restart = 30)
    {
        LinearSolver solver = LinearSolver.Gmres(tolerance, maxIterations, restart);
        return Solve("gmres", a, b, initial, solver, (apply, right, x0) =>
        {
            Func<Tensor, Tensor> improve = preconditioner is null ? r => r : r => preconditioner(r.Reshape(b.Shape.Lengths)).Reshape(r.Count);
            Tensor limit = LinearSystem.Norm(right) * LinearSystem.Tolerance(tolerance, right.DType);
            TensorList end = LinearSystem.Gmres(u => apply(improve(u)), right - apply(x0), limit, solver);
            return (x0 + improve(end.Items[0]), end.Items[2] * Math.Min(restart, right.Count), LinearSystem.Norm(end.Items[1]), limit);
        });
    }

    private delegate (Tensor Solution, Tensor Iterations, Tensor Residual, Tensor Limit) Iteration(Func<Tensor, Tensor> apply, Tensor right, Tensor initial);

    private static Solution<Tensor> Solve(string op, Func<Tensor, Tensor> a, Tensor b, Tensor? initial, LinearSolver derivative, Iteration iteration)
    {
        if (b.DType is not (DType.F32 or DType.F64)) throw new DTypeException($"{op}: the right side must be f32 or f64, got {b.Spec}. Cast it.");
        if (initial is not null && initial.Spec != b.Spec) throw new ShapeException($"{op}: the first guess is {initial.Spec}, the right side {b.Spec}. They must be alike.");
        if (b.Count == 0) throw new ShapeException($"{op}: the right side {b.Spec} has no elements.");
        Tensor right = b.Reshape(b.Count), guess = initial?.Reshape(b.Count) ?? Tensor.Zeros([b.Count], b.DType);
        Graph product = Graph.Of(op, [right.Spec], s => [Operators.Flat(op, a, b.Spec)(s[0])]).Lift(out Tensor[] captured);
        TensorSpec[] specs = [right.Spec, right.Spec, .. captured.Select(t => t.Spec)];
        Graph equation = Graph.Of(op, specs, s => [product.Replay([s[0], .. s[2..]])[0] - s[1]]);
        Graph solution = Graph.Of(op, specs, s =>
        {
            (Tensor x, Tensor steps, Tensor residual, Tensor limit) = iteration(v => product.Replay([v, .. s[2..]])[0], s[1], s[0]);
            return [x, steps, residual, residual <= limit];
        });
        Tensor[] results = new ImplicitOp(solution, equation, derivative).Bind([guess, right, .. captured, .. solution.Captures]);
        return new(results[0].Reshape(b.Shape.Lengths), results[1], Ops.StopGradient(results[2]), results[3]);
    }

    /// <summary>A norm to divide by: 1 instead of 0.</summary>
    private static Tensor Positive(Tensor norm) => Ops.Where(norm > 0, norm, norm.Like(1));
}

/// <summary>What functions of operators have in common.</summary>
internal static class Operators
{
    /// <summary>An operator on vectors of any shape as one on flat vectors.</summary>
    /// <exception cref="ShapeException">The operator changes the shape or the element type.</exception>
    public static Func<Tensor, Tensor> Flat(string op, Func<Tensor, Tensor> a, TensorSpec spec) => x =>
    {
        Tensor y = a(x.Reshape(spec.Shape.Lengths));
        if (y.Spec != spec) throw new ShapeException($"{op}: the operator gives {y.Spec} for {spec}. It must keep shape and element type.");
        return y.Reshape(x.Count);
    };
}
