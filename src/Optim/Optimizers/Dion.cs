using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Dion (Ahn et al., "Distributed Orthonormalized Updates", 2025, algorithm 1) for matrices and kernels: of the momentum B = M + g, [out, in], one step of power iteration from the
/// last right factor V gives P = orth(B V), R = B^T P, the part of B in the columns of P is taken out of the momentum, M = B - (1 - momentum) P R^T, so that what low rank leaves out is not
/// lost, and the update is -rate (sqrt(out / in) P V^T + weightDecay w) with V = R, columns of length 1. Kernels [out, in, window..] are matrices [out, in window].
/// State: <c>0.momentum.name</c> and <c>0.right.name</c>, [in, rank], per weight, and <c>step</c> of the rate.
/// </summary>
/// <param name="learningRate">The rate: a number or a schedule.</param>
/// <param name="rank">Rank of an update; at most the smaller side of the matrix is used.</param>
/// <param name="momentum">What is kept of the momentum's part in the update per step, in [0, 1).</param>
/// <param name="weightDecay">Pull towards 0, relative to the rate.</param>
/// <param name="key">Draws the first right factors; seed 0 when omitted.</param>
/// <exception cref="ArgumentException">The rank is below 1, the momentum is outside [0, 1), or the weight decay is negative.</exception>
public sealed class Dion(Schedule learningRate, int rank, double momentum = 0.95, double weightDecay = 0, RandomKey? key = null)
    : Chain([], new LowRankPolar(rank, momentum, key ?? RandomKey.FromSeed(0)), Presets.Decayed(learningRate, weightDecay));

/// <summary>Dion's map, at learning rate 1.</summary>
internal sealed class LowRankPolar : Optimizer
{
    private const string Sum = "momentum", Right = "right";

    private readonly int rank;
    private readonly double momentum;
    private readonly RandomKey key;

    public LowRankPolar(int rank, double momentum, RandomKey key)
    {
        if (rank < 1) throw new ArgumentException($"dion: the rank must be at least 1, got {rank}.");
        this.rank = rank;
        this.momentum = Rules.Decay("dion", "the momentum", momentum);
        this.key = key;
    }

    public override OptimizerState Initialize(Weights weights) => new(
        [.. Accumulator.Names(Sum, weights), .. Accumulator.Names(Right, weights)],
        [.. Accumulator.Zeros(weights), .. weights.Tensors.Select((w, i) =>
        {
            (int rows, int columns) = Rules.Matrix("dion", weights.Names[i], w.Shape);
            return Ops.RandomNormal(key.Fold(i), [columns, Math.Min(rank, Math.Min(rows, columns))], Accumulator.TypeFor(w.DType));
        })]);

    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        Tensor[] sums = Accumulator.Of(state, Sum, gradient.Names), rights = Accumulator.Of(state, Right, gradient.Names), updates = new Tensor[sums.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            Tensor b = sums[i] + gradient[i].Cast(sums[i].DType);
            (int rows, int columns) = Rules.Matrix("dion", gradient.Names[i], b.Shape);
            Tensor matrix = b.Reshape(rows, columns);
            Tensor p = Ops.Qr(matrix.MatMul(rights[i])).Q, r = matrix.T.MatMul(p);
            sums[i] = (matrix - p.MatMul(r.T) * (1 - momentum)).Reshape(b.Shape.Lengths);
            Tensor length = Ops.Sqrt(Ops.Sum(Ops.Square(r), [0], keepDims: true)), any = length > 0;
            Tensor unit = Ops.Where(any, r / Ops.Where(any, length, length.Like(1)), r.Like(0));
            updates[i] = (p.MatMul(unit.T) * -Math.Sqrt((double)rows / columns)).Reshape(b.Shape.Lengths).Cast(gradient[i].DType);
            // A direction that the momentum lacks is looked for again where it was.
            rights[i] = Ops.Where(any, unit, rights[i]);
        }
        return (gradient.Dual(updates), new(state.Leaves.WithLeaves([.. sums, .. rights])));
    }
}
