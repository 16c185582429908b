using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>How squares of gradients are added up.</summary>
public enum SquareSum : byte
{
    /// <summary>A running mean, v = b v + (1 - b) g^2.</summary>
    Mean,

    /// <summary>A running mean freed of its start at 0: divided by 1 - b^t.</summary>
    CorrectedMean,

    /// <summary>The sum of all, v = v + g^2.</summary>
    Sum,
}

/// <summary>
/// Entry by entry: D = (v^power + eps)^(1/2) from the squares v of gradients, so that under the Euclidean norm, whose map goes through D twice, the step is
/// g / (v^power + eps): with power 1/2 that of Adam and AdaGrad, with 1/3 that of MADGRAD, with 1 that of Adam-SANIA.
/// State: <c>squares.name</c> per weight, starting at 0, and <c>step</c>, i64, where the mean is corrected.
/// </summary>
public sealed class DiagonalPreconditioning : Preconditioning
{
    private const string Kind = "squares";

    private readonly SquareSum sum;
    private readonly double decay;
    private readonly double power;
    private readonly double eps;
    private readonly double floor;

    /// <summary>Preconditioning by squares.</summary>
    /// <param name="sum">How squares are added up.</param>
    /// <param name="decay">What a running mean keeps per step, in [0, 1).</param>
    /// <param name="power">Of v in D^2, positive.</param>
    /// <param name="eps">Added to v^power, not negative.</param>
    /// <param name="floor">The least entry of D over the root of the mean of squares of D in the same weight, not negative: an entry whose gradients were 0 so far is
    /// not thrown far by its first one.</param>
    /// <exception cref="ArgumentException">The decay is outside [0, 1), the power is not positive, or eps or the floor is negative.</exception>
    public DiagonalPreconditioning(SquareSum sum = SquareSum.CorrectedMean, double decay = 0.999, double power = 0.5, double eps = 1e-8, double floor = 0)
    {
        this.floor = Rules.NotNegative("diagonalPreconditioning", "the floor", floor);
        this.sum = sum;
        this.decay = Rules.Decay("diagonalPreconditioning", "the decay", decay);
        this.power = Rules.Positive("diagonalPreconditioning", "the power", power);
        this.eps = Rules.NotNegative("diagonalPreconditioning", "eps", eps);
    }

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights)
    {
        var squares = new OptimizerState(Accumulator.Names(Kind, weights), Accumulator.Zeros(weights));
        return sum == SquareSum.CorrectedMean ? new([.. squares.Leaves.Names, Accumulator.Step], [.. squares.Leaves.Tensors, Accumulator.NoSteps()]) : squares;
    }

    /// <inheritdoc/>
    public override (Preconditioner?[] Leaves, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] squares = Accumulator.Of(state, Kind, gradient.Names);
        Tensor? step = sum == SquareSum.CorrectedMean ? state[Accumulator.Step] + 1 : null;
        Tensor? scale = step is null ? null : 1 / Accumulator.WeightSince(decay, step.Cast(Accumulator.ScalarType(gradient.Tensors)));
        Preconditioner?[] leaves = new Preconditioner?[squares.Length];
        for (int i = 0; i < squares.Length; i++)
        {
            Tensor g = gradient[i].Cast(squares[i].DType);
            squares[i] = sum == SquareSum.Sum ? squares[i] + Ops.Square(g) : squares[i] * decay + Ops.Square(g) * (1 - decay);
            Tensor v = scale is null ? squares[i] : squares[i] * scale.Cast(g.DType);
            Tensor square = (power == 0.5 ? Ops.Sqrt(v) : power == 1 ? v : Ops.Pow(v, power)) + eps, d = Ops.Sqrt(square);
            if (floor > 0) d = Ops.Maximum(d, Ops.Sqrt(Ops.Mean(square)) * floor);
            // Where no gradient has come yet, and eps is 0, there is nothing to divide.
            leaves[i] = Preconditioner.Diagonal(eps > 0 ? d : Ops.Where(d > 0, d, d.Like(double.PositiveInfinity)));
        }
        return (leaves, new(state.Leaves.WithLeaves(step is null ? squares : [.. squares, step])));
    }
}
