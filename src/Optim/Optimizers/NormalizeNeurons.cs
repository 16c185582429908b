using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Rows of an update brought to one size by a running mean of theirs, the update keeping its Frobenius norm; columns where there are more of them than rows
/// (Li et al., "NorMuon", 2025, algorithm 1): v = decay v + (1 - decay) mean(u^2), u / sqrt(max(v, 1e-10)) times a number. Kernels [out, rest..] are matrices [out, rest].
/// State: <c>neurons.name</c> per weight, [out, 1] or [1, rest], starting at 0.
/// </summary>
public sealed class NormalizeNeurons : UpdateStage
{
    private const string Kind = "neurons";

    private const double Least = 1e-10;

    private readonly double decay;

    /// <summary>Neurons at one size.</summary>
    /// <param name="decay">What is kept of the mean of squares per step, in [0, 1).</param>
    /// <exception cref="ArgumentException">The decay is outside [0, 1).</exception>
    public NormalizeNeurons(double decay = 0.95) => this.decay = Rules.Decay("normalizeNeurons", "the decay", decay);

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => new(
        Accumulator.Names(Kind, weights),
        weights.Tensors.Select((w, i) =>
        {
            (int rows, int columns) = Rules.Matrix("normalizeNeurons", weights.Names[i], w.Shape);
            return Tensor.Zeros(rows >= columns ? [rows, 1] : [1, columns], Accumulator.TypeFor(w.DType));
        }));

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights)
    {
        Tensor[] squares = Accumulator.Of(state, Kind, update.Names), next = new Tensor[squares.Length];
        for (int i = 0; i < next.Length; i++)
        {
            (int rows, int columns) = Rules.Matrix("normalizeNeurons", update.Names[i], update[i].Shape);
            Tensor u = update[i].Cast(squares[i].DType).Reshape(rows, columns), square = Ops.Square(u);
            squares[i] = squares[i] * decay + Ops.Mean(square, [rows >= columns ? 1 : 0], keepDims: true) * (1 - decay);
            Tensor even = u / Ops.Sqrt(Ops.Maximum(squares[i], squares[i].Like(Least)));
            Tensor before = Ops.Sqrt(Ops.Sum(square)), after = Ops.Sqrt(Ops.Sum(Ops.Square(even)));
            next[i] = (even * (before / Ops.Where(after > 0, after, after.Like(1)))).Reshape(update[i].Shape.Lengths).Cast(update[i].DType);
        }
        return (update.WithLeaves(next), new(state.Leaves.WithLeaves(squares)));
    }
}
