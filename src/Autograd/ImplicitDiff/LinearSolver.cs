namespace Engine.Autograd;

/// <summary>
/// How the linear systems of implicit differentiation are solved: J^T u = v in reverse mode, J w = r in forward mode and in Newton's method. The solver is itself
/// differentiated implicitly, so derivatives of every order are those of the solution, up to its tolerance. A system that does not reach its tolerance within the
/// iterations gives the last iterate.
/// </summary>
public sealed record LinearSolver
{
    private LinearSolver(LinearMethod method, double? tolerance = null, int maxIterations = 0, int restart = 0)
    {
        if (tolerance is { } t && !(t >= 0)) throw new ArgumentOutOfRangeException(nameof(tolerance), $"linearSolver: the tolerance must not be negative, got {t}.");
        if (method < LinearMethod.Direct && (maxIterations < 1 || restart < 1))
            throw new ArgumentOutOfRangeException(nameof(maxIterations), $"linearSolver: iterations and restart must be positive, got {maxIterations} and {restart}.");
        Method = method;
        Tolerance = tolerance;
        MaxIterations = maxIterations;
        Restart = restart;
    }

    /// <summary>A matrix made by mapping the operator over a basis, and LU: exact, n^2 memory. For up to some hundred unknowns.</summary>
    public static LinearSolver Direct { get; } = new(LinearMethod.Direct);

    /// <summary>
    /// The low-rank inverse that Broyden's method built on the way to the solution is used as the inverse of the Jacobian (SHINE: Ramzi et al. 2022): no system is
    /// solved, and the derivative is approximate. Its relative error is that of H^T v against J^-T v, which is small only along directions the iteration has seen;
    /// from 5 to 30 percent is common. Only for the Broyden method; only first derivatives, because the estimate itself has none.
    /// </summary>
    public static LinearSolver SharedInverse { get; } = new(LinearMethod.SharedInverse);

    /// <summary>The Jacobian of the equations is taken for the identity (Fung et al. 2022): approximate, a descent direction where f contracts well.</summary>
    public static LinearSolver JacobianFree { get; } = new(LinearMethod.JacobianFree);

    internal LinearMethod Method { get; }

    internal double? Tolerance { get; }

    internal int MaxIterations { get; }

    internal int Restart { get; }

    /// <summary>The generalized minimal residual method (Saad and Schultz 1986), restarted, orthogonalized twice. For any regular system.</summary>
    /// <param name="tolerance">Of the residual relative to the right side; 100 roundings of the element type when null.</param>
    /// <param name="maxIterations">Products with the operator at most, in whole cycles.</param>
    /// <param name="restart">Length of a cycle; a cycle keeps restart + 1 vectors.</param>
    public static LinearSolver Gmres(double? tolerance = null, int maxIterations = 300, int restart = 30) => new(LinearMethod.Gmres, tolerance, maxIterations, restart);

    /// <summary>Conjugate gradients (Hestenes and Stiefel 1952). Only for a symmetric positive definite Jacobian, which is not checked.</summary>
    /// <param name="tolerance">Of the residual relative to the right side; 100 roundings of the element type when null.</param>
    /// <param name="maxIterations">Products with the operator at most.</param>
    public static LinearSolver ConjugateGradient(double? tolerance = null, int maxIterations = 1000) => new(LinearMethod.ConjugateGradient, tolerance, maxIterations, 1);

    /// <summary>The fixed-point iteration u = v + (I - J)^T u. It converges where the spectral radius of I - J, which for a fixed point is df/dz, is below 1.</summary>
    /// <param name="tolerance">Of the residual relative to the right side; 100 roundings of the element type when null.</param>
    /// <param name="maxIterations">Products with the operator at most.</param>
    public static LinearSolver Neumann(double? tolerance = null, int maxIterations = 1000) => new(LinearMethod.Neumann, tolerance, maxIterations, 1);
}

/// <summary>The ways of <see cref="LinearSolver"/>: the iterative ones first.</summary>
internal enum LinearMethod
{
    Gmres,
    ConjugateGradient,
    Neumann,
    Direct,
    SharedInverse,
    JacobianFree,
}
