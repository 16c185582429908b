using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// The bases in which the statistics of all axes are diagonal, and squares of the gradient in them: Adam's preconditioner in Shampoo's eigenbases, as in SOAP (Vyas et al.,
/// "SOAP: Improving and Stabilizing Shampoo using Adam", 2024, algorithm 3), D = (v^(1/2) + eps)^(1/2) for v the running mean of (Q_L^T G Q_R)^2.
/// Without squares only the bases, in which a norm such as the largest entry sees weights: sign descent there is SPlus (Frans, Levine and Abbeel, 2025).
/// </summary>
/// <remarks>
/// State: that of <see cref="FactoredPreconditioning"/>, starting at 0 and I; factors are the bases, columns by falling eigenvalue, and squares <c>1.squares.name.g</c> are those of
/// pieces in them. The first bases are eigenvectors; after that each renewal is one step of orthogonal iteration, Q of S Q = Q R. Squares keep their place when bases turn, and
/// columns are not sorted anew: the iteration itself brings greater eigenvalues forward. Memory: twice the sum of d^2 over axes of pieces, three times with a delay above 1, and the weight.
/// </remarks>
public sealed class EigenbasisPreconditioning : FactoredPreconditioning
{
    private const string Name = "eigenbasisPreconditioning";

    /// <summary>Preconditioning in eigenbases.</summary>
    /// <param name="decay">What the running means of statistics and squares keep per step, in [0, 1).</param>
    /// <param name="eps">Added to the roots of squares, not negative.</param>
    /// <param name="interval">Steps from one renewal of bases to the next.</param>
    /// <param name="delay">Steps from the making of bases to their use, at most the interval. With 0 the first gradient is diagonal in its own bases, and what is off the diagonal is rounding.</param>
    /// <param name="blocks">How weights are cut; the default cut when null.</param>
    /// <param name="squares">Whether squares count, or only the bases.</param>
    /// <exception cref="ArgumentException">The decay is outside [0, 1), eps is negative, or interval and delay do not fit.</exception>
    public EigenbasisPreconditioning(double decay = 0.95, double eps = 1e-8, int interval = 10, int delay = 1, KroneckerBlocks? blocks = null, bool squares = true)
        : base(Name, SquareSum.Mean, decay, 0, 1, interval, delay, blocks, squares ? new DiagonalPreconditioning(SquareSum.CorrectedMean, Rules.Decay(Name, "the decay", decay), eps: Rules.NotNegative(Name, "eps", eps)) : null)
    {
    }

    private protected override bool InBasis => true;

    private protected override Tensor[] Make(FactoredLeaves plan, Tensor[] statistics, Tensor[] factors, Tensor step)
    {
        int n = statistics.Length;
        return ControlFlow.Cond(
            step < Interval, new TensorList([.. statistics, .. factors]),
            s => new TensorList([.. s.Items[..n].Select(a => Ops.Flip(Ops.SymmetricEigen(a).Vectors, -1))]),
            s => new TensorList([.. s.Items[..n].Zip(s.Items[n..], (a, q) => Ops.Qr(a.MatMul(q)).Q)])).Items;
    }

    private protected override Preconditioner Piece(Tensor?[] factors, Preconditioner? inner) => new EigenbasisPreconditioner(factors, inner);
}
