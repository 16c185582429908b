using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// Several modules of which a router chooses k for every token: y = sum over the chosen e of g_e expert_e(x), with g the softmax of the chosen router logits x W^T
/// (Shazeer et al., "Outrageously Large Neural Networks", ICLR 2017, without noise). [.., inputs] to what the experts make of it.
/// Weights: <c>0</c> the router, <c>1</c>, <c>2</c>, .. the experts.
/// </summary>
/// <remarks>
/// Every expert runs on every token and unchosen ones are weighed by 0: simple, exact, and as dear as all experts together. The router learns through the gates of the
/// chosen; which are chosen has no derivative.
/// Norms and masses are the children's. Sensitivity, where the choice does not change and experts give tokens of RMS at most 1: the greatest of the experts' plus
/// sqrt(number of experts), by which a router of unit norm can move a logit and so the gates.
/// </remarks>
public sealed class MixtureOfExperts : Compound
{
    private readonly int inputs;
    private readonly int chosen;

    /// <summary>A mixture of experts.</summary>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="chosen">k, how many experts a token sees.</param>
    /// <param name="experts">The experts, which give results of one shape.</param>
    /// <exception cref="ArgumentException">A length is below 1, or more experts are chosen than there are.</exception>
    public MixtureOfExperts(int inputs, int chosen, IReadOnlyList<Module> experts)
        : base([new Linear(inputs, Guard.Length("mixtureOfExperts", "the number of experts", experts.Count), bias: false), .. experts])
    {
        this.inputs = inputs;
        this.chosen = Guard.Length("mixtureOfExperts", "the number of experts chosen", chosen);
        if (chosen > experts.Count) throw new ArgumentException($"mixtureOfExperts: at most all {experts.Count} experts can be chosen, got {chosen}.");
    }

    /// <inheritdoc/>
    public override double Sensitivity => Children.Skip(1).Max(e => e.Sensitivity) + Math.Sqrt(Children.Count - 1);

    /// <inheritdoc/>
    protected override double StretchAfter(int child) => child == 0 ? Math.Sqrt(Children.Count - 1) : 1;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The last axis of the input is not the number of inputs.</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => ForwardBalanced(weights, x, pass).Result;

    /// <summary>
    /// The layer, and the loss that keeps experts equally busy: n sum_e f_e P_e over n experts, with f_e the fraction of choices that fell on e and P_e the mean of the router's
    /// softmax over all experts (Fedus et al., "Switch Transformers", JMLR 2022, eq. 4). It is 1 when all are equal; derivatives flow through P alone.
    /// </summary>
    /// <param name="weights">Weights of this layer's form.</param>
    /// <param name="x">[.., inputs].</param>
    /// <param name="pass">Training or prediction.</param>
    /// <exception cref="ShapeException">The last axis of the input is not the number of inputs.</exception>
    public (Tensor Result, Tensor LoadBalancing) ForwardBalanced(Weights weights, Tensor x, in Pass pass)
    {
        if (x.Rank == 0 || x.Shape[^1] != inputs)
            throw new ShapeException($"mixtureOfExperts: the input must be [.., {inputs}], got {x.Shape}. Its last axis is the layer's number of inputs.");
        int experts = Children.Count - 1;
        Tensor logits = Child(0, weights, x, pass);
        Tensor choices = Ops.Sum(Ops.OneHot(Ops.TopK(logits, chosen).Indices, experts, x.DType), [-2]);
        Tensor gates = Ops.Softmax(Ops.Where(choices > 0, logits, logits.Like(double.NegativeInfinity)));
        Tensor y = Ops.Narrow(gates, -1, 0, 1) * Child(1, weights, x, pass);
        for (int e = 1; e < experts; e++) y = y + Ops.Narrow(gates, -1, e, 1) * Child(e + 1, weights, x, pass);
        int[] tokens = [.. Enumerable.Range(0, x.Rank - 1)];
        Tensor busy = tokens.Length == 0 ? choices : Ops.Mean(choices, tokens), likely = Ops.Softmax(logits);
        if (tokens.Length > 0) likely = Ops.Mean(likely, tokens);
        return (y, Ops.Sum(busy * likely) * ((double)experts / chosen));
    }
}
