using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Parts of the spectrum of an operator that is given by its products with vectors of any shape. Everything is one region of a plan, and has derivatives of every order in
/// what the operator uses.
/// </summary>
public static class SpectralSolvers
{
    /// <summary>
    /// The Lanczos coefficients of a symmetric operator (Golub and Van Loan, "Matrix Computations", 10.1): A V^T = V^T T + a rest in the last column, with the rows of V orthonormal, the first along
    /// <paramref name="start"/>. When the space is exhausted early, the rest of V and of the coefficients is 0. Derivatives go through the steps.
    /// </summary>
    /// <param name="a">From x to A x, of x's shape. Traced once.</param>
    /// <param name="start">The first direction, f32 or f64, not 0.</param>
    /// <param name="steps">How many rows V has; at most as many as start has elements.</param>
    /// <param name="reorthogonalize">Every vector is made orthogonal to all before it, twice; else only to the last two, and the basis loses orthogonality when eigenvalues have been found.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps is not between 1 and the number of elements.</exception>
    /// <exception cref="ShapeException">The operator changes the shape, or start has no elements.</exception>
    public static LanczosResult Lanczos(Func<Tensor, Tensor> a, Tensor start, int steps, bool reorthogonalize = true)
    {
        if (start.Count == 0) throw new ShapeException($"lanczos: the first direction {start.Spec} has no elements.");
        if (steps < 1 || steps > start.Count) throw new ArgumentOutOfRangeException(nameof(steps), $"lanczos: the number of steps must be between 1 and {start.Count}, got {steps}.");
        Func<Tensor, Tensor> apply = Operators.Flat("lanczos", a, start.Spec);
        DType type = start.DType;
        double negligible = Math.Pow(LinearSystem.Tolerance(null, type) / 10, 2);
        Tensor flat = start.Reshape(start.Count), zero = Tensor.Zeros([], type), none = Tensor.Zeros(flat.Shape, type), line = Tensor.Zeros([steps], type);
        // The basis and both diagonals; the last vectors and the norm between them.
        TensorList initial = new(Tensor.Zeros([steps, flat.Count], type), line, line, flat / LinearSystem.Norm(flat), none, zero);
        TensorList end = ControlFlow.Loop(steps, initial, (step, s) =>
        {
            (Tensor v, Tensor before, Tensor beta) = (s.Items[3], s.Items[4], s.Items[5]);
            Tensor here = Ops.OneHot(step, steps, type), basis = s.Items[0] + Ops.Outer(here, v), av = apply(v);
            Tensor w = av - (beta * before), alpha = LinearSystem.Dot(v, w);
            w -= alpha * v;
            for (int pass = 0; pass < 2 && reorthogonalize; pass++) w -= LinearSystem.TransposeTimes(basis, LinearSystem.Times(basis, w));
            Tensor square = LinearSystem.Dot(w, w), open = square > negligible * LinearSystem.Dot(av, av), norm = Ops.Sqrt(Ops.Where(open, square, square.Like(1)));
            Tensor next = Ops.Where(open, norm, zero);
            return new(basis, s.Items[1] + (here * alpha), s.Items[2] + (here * next), Ops.Where(open, w / norm, none), v, next);
        });
        return new(end.Items[1], Ops.Narrow(end.Items[2], 0, 0, steps - 1), end.Items[0]);
    }

    /// <summary>
    /// The eigenvalue of greatest magnitude and its vector of norm 1, by repeated products. Both have the derivatives of the pair (implicit function theorem), which exist when the eigenvalue is
    /// simple. A pair of opposite sign or complex eigenvalues is not found: the iteration does not converge.
    /// </summary>
    /// <param name="a">From x to A x, of x's shape. Traced once.</param>
    /// <param name="start">The first direction, f32 or f64, not 0.</param>
    /// <param name="tolerance">Of |A v - value v| relative to the value; 100 roundings of the element type when null.</param>
    /// <param name="maxIterations">Products at most.</param>
    /// <exception cref="ShapeException">The operator changes the shape.</exception>
    public static Solution<TensorList> PowerIteration(Func<Tensor, Tensor> a, Tensor start, double? tolerance = null, int maxIterations = 1000)
    {
        const string op = "powerIteration";
        int n = start.Count;
        double relative = LinearSystem.Tolerance(tolerance, start.DType);
        Graph product = Graph.Of(op, [new(start.DType, [n])], s => [Operators.Flat(op, a, start.Spec)(s[0])]).Lift(out Tensor[] captured);
        TensorSpec[] specs = [new(start.DType, [n + 1]), .. captured.Select(t => t.Spec)];
        // The unknowns are the vector and the value.
        Graph equation = Graph.Of(op, specs, s =>
        {
            Tensor v = s[0][..n], value = s[0][n];
            return [Ops.Concat([product.Replay([v, .. s[1..]])[0] - (value * v), ((1 - LinearSystem.Dot(v, v)) / 2).Reshape(1)], 0)];
        });
        Graph solution = Graph.Of(op, specs, s =>
        {
            Func<Tensor, Tensor> apply = v => product.Replay([v, .. s[1..]])[0];
            Tensor v0 = s[0][..n] / LinearSystem.Norm(s[0][..n]);
            TensorList end = ControlFlow.While(
                Look(v0, apply(v0), Tensor.Scalar(0, DType.I64)),
                t => Ops.And(t.Items[3] > relative * Ops.Abs(t.Items[2]), t.Items[4] < maxIterations),
                t =>
                {
                    Tensor v = t.Items[1] / LinearSystem.Norm(t.Items[1]);
                    return Look(v, apply(v), t.Items[4] + 1);
                });
            Tensor value = end.Items[2], residual = end.Items[3];
            return [Ops.Concat([end.Items[0], value.Reshape(1)], 0), end.Items[4], residual, residual <= relative * Ops.Abs(value)];
        });
        Tensor guess = Ops.Concat([start.Reshape(n), Tensor.Zeros([1], start.DType)], 0);
        Tensor[] results = new ImplicitOp(solution, equation, LinearSolver.Gmres(tolerance)).Bind([guess, .. captured, .. solution.Captures]);
        return new(new(results[0][n], results[0][..n].Reshape(start.Shape.Lengths)), results[1], Ops.StopGradient(results[2]), results[3]);
    }

    /// <summary>
    /// An estimate of the trace of f(A) for a symmetric operator, by stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017): the mean over random vectors z of signs of z^T f(T) z with T the Lanczos
    /// coefficients of z. Exact on average up to the error of the quadrature, which falls exponentially with the steps when f is smooth on the spectrum.
    /// </summary>
    /// <param name="a">From x [n] to A x [n]. Traced once.</param>
    /// <param name="n">Length of the vectors.</param>
    /// <param name="f">An elementwise function, defined on the spectrum of A.</param>
    /// <param name="key">Of the random vectors.</param>
    /// <param name="probes">How many random vectors.</param>
    /// <param name="steps">Lanczos steps for each; at most n are made.</param>
    /// <param name="dtype">f32 or f64.</param>
    /// <returns>The estimate, and its standard error, 0 for one probe.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public static (Tensor Estimate, Tensor StandardError) StochasticTrace(
        Func<Tensor, Tensor> a, int n, Func<Tensor, Tensor> f, RandomKey key, int probes = 16, int steps = 20, DType dtype = DType.F32)
    {
        if (n < 1 || probes < 1 || steps < 1) throw new ArgumentOutOfRangeException(nameof(probes), $"stochasticTrace: n, probes and steps must be positive, got {n}, {probes} and {steps}.");
        int most = Math.Min(n, steps);
        Tensor signs = (Ops.RandomBernoulli(key, 0.5, [probes, n]).Cast(dtype) * 2) - 1;
        Tensor values = Transform.Vmap(z =>
        {
            LanczosResult lanczos = Lanczos(a, z, most);
            // Where the space was exhausted there is no vector: such places get some eigenvalue's value and no weight.
            Tensor used = Ops.Sum(lanczos.Basis * lanczos.Basis, [-1]) > 0.5, diagonal = Ops.Where(used, lanczos.Diagonal, lanczos.Diagonal[0]);
            Tensor matrix = Ops.Diag(diagonal) + Ops.Diag(lanczos.Beside, 1) + Ops.Diag(lanczos.Beside, -1);
            (Tensor nodes, Tensor vectors) = Ops.SymmetricEigen(matrix);
            return n * (Ops.Square(vectors[0]) * f(nodes)).Sum();
        })(signs);
        Tensor mean = Ops.Mean(values), error = Ops.Sqrt(Ops.StopGradient(Ops.Square(values - mean).Sum()) / (probes * (double)Math.Max(1, probes - 1)));
        return (mean, error);
    }

    /// <summary>An estimate of the logarithm of the determinant of a symmetric positive definite operator: <see cref="StochasticTrace"/> of the logarithm.</summary>
    /// <param name="a">From x [n] to A x [n]. Traced once.</param>
    /// <param name="n">Length of the vectors.</param>
    /// <param name="key">Of the random vectors.</param>
    /// <param name="probes">How many random vectors.</param>
    /// <param name="steps">Lanczos steps for each; at most n are made.</param>
    /// <param name="dtype">f32 or f64.</param>
    /// <returns>The estimate, and its standard error, 0 for one probe.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public static (Tensor Estimate, Tensor StandardError) LogDeterminant(Func<Tensor, Tensor> a, int n, RandomKey key, int probes = 16, int steps = 20, DType dtype = DType.F32) =>
        StochasticTrace(a, n, Ops.Log, key, probes, steps, dtype);

    /// <summary>A unit vector, its product, its Rayleigh quotient, how far it is from an eigenvector, and the number of products.</summary>
    private static TensorList Look(Tensor v, Tensor av, Tensor count)
    {
        Tensor value = LinearSystem.Dot(v, av);
        return new(v, av, value, LinearSystem.Norm(av - (value * v)), count);
    }
}

/// <summary>The symmetric tridiagonal matrix T of a Lanczos process.</summary>
/// <param name="Diagonal">[steps].</param>
/// <param name="Beside">The diagonals beside it, [steps - 1]; not negative.</param>
/// <param name="Basis">The vectors as rows, [steps, n], flat.</param>
public sealed record LanczosResult(Tensor Diagonal, Tensor Beside, Tensor Basis) : ITree<LanczosResult>
{
    /// <inheritdoc/>
    public int LeafCount => 3;

    /// <inheritdoc/>
    public object StructureKey => typeof(LanczosResult);

    /// <inheritdoc/>
    public void CopyLeaves(Span<Tensor> leaves) => (leaves[0], leaves[1], leaves[2]) = (Diagonal, Beside, Basis);

    /// <inheritdoc/>
    public LanczosResult WithLeaves(ReadOnlySpan<Tensor> leaves) => new(leaves[0], leaves[1], leaves[2]);
}
