namespace Engine.Autograd;

/// <summary>How <see cref="ImplicitDiff.FixedPoint"/> goes on from a point.</summary>
public enum FixedPointMethod
{
    /// <summary>z = f(z): linear convergence where f contracts.</summary>
    Plain,

    /// <summary>Anderson's acceleration: the best combination of the last few steps.</summary>
    Anderson,

    /// <summary>Broyden's good method on z - f(z), from the identity.</summary>
    Broyden,
}

/// <summary>How <see cref="ImplicitDiff.Root"/> goes on from a point. Both converge from near the root only.</summary>
public enum RootMethod
{
    /// <summary>Newton's method with exact Jacobian products.</summary>
    Newton,

    /// <summary>Broyden's good method from the identity: for residuals scaled so that their Jacobian is near it.</summary>
    Broyden,
}

/// <summary>Options of <see cref="ImplicitDiff.FixedPoint"/>.</summary>
public sealed record FixedPointOptions
{
    /// <summary>The iteration.</summary>
    public FixedPointMethod Method { get; init; } = FixedPointMethod.Plain;

    /// <summary>Stop when |f(z) - z| is at most this times 1 + |z|, in the Euclidean norm; 100 roundings of the element type when null.</summary>
    public double? Tolerance { get; init; }

    /// <summary>Steps at most.</summary>
    public int MaxIterations { get; init; } = 200;

    /// <summary>How many steps Anderson's method combines, or how many rank-one terms Broyden's keeps before it starts again.</summary>
    public int Memory { get; init; } = 10;

    /// <summary>Anderson's mixing: how much of the residual is added to the combined point.</summary>
    public double Mixing { get; init; } = 1;

    /// <summary>
    /// Anderson's regularization, added to the unit diagonal of the normalized Gram matrix of residual changes. Greater is safer and slower.
    /// </summary>
    public double Regularization { get; init; } = 1e-10;

    /// <summary>How the derivative's linear systems are solved.</summary>
    public LinearSolver Derivative { get; init; } = LinearSolver.Gmres();
}

/// <summary>Options of <see cref="ImplicitDiff.Root"/>.</summary>
public sealed record RootOptions
{
    /// <summary>The iteration.</summary>
    public RootMethod Method { get; init; } = RootMethod.Newton;

    /// <summary>Stop when |g(z)| is at most this times the greater of 1 and |g| at the start, in the Euclidean norm; 100 roundings of the element type when null.</summary>
    public double? Tolerance { get; init; }

    /// <summary>Steps at most.</summary>
    public int MaxIterations { get; init; } = 50;

    /// <summary>How many rank-one terms Broyden's method keeps before it starts again.</summary>
    public int Memory { get; init; } = 20;

    /// <summary>How Newton's linear systems are solved.</summary>
    public LinearSolver Newton { get; init; } = LinearSolver.Gmres();

    /// <summary>How the derivative's linear systems are solved.</summary>
    public LinearSolver Derivative { get; init; } = LinearSolver.Gmres();
}
