using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Roots of statistics on every axis, as in Shampoo (Gupta, Koren and Singer, ICML 2018; Anil et al., 2020): S_i = S_i + G_(i) G_(i)^T for the unfoldings G_(i) of the gradient,
/// and under the Euclidean norm, whose map goes through the preconditioner twice, the step G x_1 S_1^-power x_2 S_2^-power .. With two axes L^(-1/4) G R^(-1/4).
/// </summary>
/// <remarks>
/// <para>
/// State: that of <see cref="FactoredPreconditioning"/>; factors are the roots S^(-power/2), and stay what they were while S is 0. Memory: twice the sum of d^2 over axes of pieces, three times with a delay above 1.
/// </para>
/// <para>
/// Whitened, statistics are those of the gradient seen through the roots of the other axes, S_i = mean of G_(i) (S_others^-1) G_(i)^T over its columns, which fit a Kronecker
/// product to the covariance of gradients in the sense of Kullback and Leibler (KL-Shampoo: Lin et al., "Understanding and Improving Shampoo and SOAP via Kullback-Leibler Minimization", 2025). They
/// divide by the number of columns, without which the two equations have no common solution but for square matrices.
/// </para>
/// </remarks>
public sealed class KroneckerPreconditioning : FactoredPreconditioning
{
    private const string Name = "kroneckerPreconditioning";

    private readonly double? power;
    private readonly bool whitened;
    private readonly InverseRootMethod method;
    private readonly double? ridge;

    /// <summary>Preconditioning by roots.</summary>
    /// <param name="sum">How squares are added up.</param>
    /// <param name="decay">What a running mean keeps per step, in [0, 1).</param>
    /// <param name="eps">Statistics start at eps I, not negative.</param>
    /// <param name="power">Of S in the step, positive; when null 1 / (2 k) for a weight with k axes that have statistics, or 1/2 when whitened.</param>
    /// <param name="interval">Steps from one computation of roots to the next.</param>
    /// <param name="delay">Steps from the making of roots to their use, at most the interval.</param>
    /// <param name="blocks">How weights are cut; the default cut when null.</param>
    /// <param name="whitened">Whether statistics see the gradient through the other axes' roots.</param>
    /// <param name="method">How roots are computed.</param>
    /// <param name="ridge">Of the roots (<see cref="InverseRoots"/>).</param>
    /// <param name="every">Steps from one gradient that statistics take in to the next.</param>
    /// <exception cref="ArgumentException">The decay is outside [0, 1), eps or the ridge is negative, the power is not positive, or interval and delay do not fit.</exception>
    public KroneckerPreconditioning(
        SquareSum sum = SquareSum.Sum, double decay = 0.999, double eps = 1e-12, double? power = null, int interval = 1, int delay = 0, KroneckerBlocks? blocks = null,
        bool whitened = false, InverseRootMethod method = InverseRootMethod.Eigen, double? ridge = null, int every = 1)
        : base(Name, sum, decay, eps, every, interval, delay, blocks, new DiagonalPreconditioning(sum, Rules.Decay(Name, "the decay", decay), eps: 1e-8))
    {
        this.power = power is null ? null : Rules.Positive(Name, "the power", power.Value);
        this.whitened = whitened;
        this.method = method;
        this.ridge = ridge is null ? null : Rules.NotNegative(Name, "the ridge", ridge.Value);
    }

    private protected override bool InBasis => false;

    private protected override Tensor[] Make(FactoredLeaves plan, Tensor[] statistics, Tensor[] factors, Tensor step)
    {
        Tensor[] made = new Tensor[statistics.Length];
        for (int i = 0; i < made.Length; i++)
        {
            Tensor s = statistics[i], root = InverseRoots.Of(s, 2 / (power ?? (whitened ? 0.5 : 0.5 / plan.PartitionOf(plan.Keys[i].Leaf)!.FactorCount)), method, ridge);
            // Seen through a root of 0 all statistics would be 0 for ever.
            made[i] = Ops.Where(Ops.Max(Ops.Abs(s), [-2, -1], keepDims: true).EqualTo(0), factors[i], root);
        }
        return made;
    }

    private protected override Preconditioner Piece(Tensor?[] factors, Preconditioner? inner) => new KroneckerPreconditioner(factors);

    private protected override Tensor Square(FactoredLeaves plan, FactorKey key, Tensor[][] pieces, Tensor[] factors)
    {
        if (!whitened) return base.Square(plan, key, pieces, factors);
        Tensor?[] others = plan.FactorsOf(key.Leaf, key.Group, factors);
        others[key.Axis] = null;
        Tensor piece = pieces[key.Leaf][key.Group];
        // The factors are S^(-1/4): twice through them is S^(-1/2), and the product with its transpose has S^-1 inside.
        Tensor seen = Modes.Products(others, Modes.Products(others, piece));
        return Modes.Covariance(seen, key.Axis + 1) * ((double)piece.Shape[0] * piece.Shape[key.Axis + 1] / piece.Count);
    }
}
