using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// The direction of one optimizer with the length of another, leaf by leaf (Agarwal et al., "Disentangling Adaptive Gradient Methods from Learning Rates", 2020):
/// u |s| / |u| for the updates u and s in the Euclidean norm, and 0 where u is 0. State: the direction's under <c>0</c>, the size's under <c>1</c>, and <c>2.step</c>, i64.
/// </summary>
public sealed class Grafted : Optimizer
{
    private readonly Optimizer direction;
    private readonly Optimizer size;
    private readonly int start;

    /// <summary>One optimizer's direction, another's length.</summary>
    /// <param name="direction">Decides where to.</param>
    /// <param name="size">Decides how far: <see cref="Sgd"/>, <see cref="AdaGrad"/>, <see cref="ScaleByAdam"/> or any other.</param>
    /// <param name="start">Steps that the second takes alone first, while the statistics of the direction gather.</param>
    /// <exception cref="ArgumentException">The number of first steps is negative.</exception>
    public Grafted(Optimizer direction, Optimizer size, int start = 0)
    {
        this.direction = direction;
        this.size = size;
        this.start = start >= 0 ? start : throw new ArgumentException($"grafted: the number of first steps must not be negative, got {start}.");
    }

    /// <summary>The gradient's own length.</summary>
    public static Optimizer Sgd { get; } = new DualityMap(Norm.Euclidean);

    /// <summary>The length of AdaGrad's update, g / (sqrt(sum g^2) + eps).</summary>
    public static Optimizer AdaGrad(double eps = 1e-6) =>
        new Steepest(VectorNorms.Euclidean, preconditioning: new DiagonalPreconditioning(SquareSum.Sum, 0, eps: eps), normalized: false);

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) =>
        OptimizerState.Join([direction.Initialize(weights), size.Initialize(weights), new([Accumulator.Step], [Accumulator.NoSteps()])]);

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        (Update to, OptimizerState first) = direction.Step(gradient, state.Part(0), weights);
        (Update far, OptimizerState second) = size.Step(gradient, state.Part(1), weights);
        Tensor step = state["2.step"], early = step < start;
        Update update = to.WithLeaves([.. to.Tensors.Zip(far.Tensors, (u, s) =>
        {
            DType type = Accumulator.TypeFor(u.DType);
            Tensor grafted = (VectorNorms.Euclidean.Dualize(u.Cast(type)) * VectorNorms.Euclidean.Of(s).Cast(type)).Cast(u.DType);
            return start == 0 ? grafted : Ops.Where(early, s, grafted);
        })]);
        return (update, OptimizerState.Join([first, second, new([Accumulator.Step], [step + 1])]));
    }
}

/// <summary>
/// Momentum of updates instead of gradients: m = decay m + u, handed on as m, or as u + decay m in Nesterov's form. State: <c>momentum.name</c> per weight, starting at 0.
/// </summary>
/// <param name="decay">What is kept of the sum per step, in [0, 1).</param>
/// <param name="nesterov">Look one step ahead.</param>
/// <exception cref="ArgumentException">The decay is outside [0, 1).</exception>
public sealed class UpdateMomentum(double decay = 0.9, bool nesterov = false) : UpdateStage
{
    private readonly Momentum sums = new(decay, nesterov);

    /// <inheritdoc/>
    public override OptimizerState Initialize(Weights weights) => sums.Initialize(weights);

    /// <inheritdoc/>
    public override (Update Update, OptimizerState State) Step(Update update, OptimizerState state, Weights weights)
    {
        // The sum is that of numbers; what they mean does not change.
        (Gradient summed, OptimizerState next) = sums.Step(new Gradient(update.Names, update.Tensors), state, weights);
        return (summed.Dual(summed.Tensors), next);
    }
}
