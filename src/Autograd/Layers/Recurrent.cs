using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// What recurrent layers have in common: sequences [.., T, inputs] to the states after each step, [.., T, units]. Weights, named and laid out as in common checkpoints, with
/// the G gates of a cell one below another: <c>weight_ih</c> [G units, inputs], <c>weight_hh</c> [G units, units] and, with a bias, <c>bias_ih</c> and <c>bias_hh</c> [G units].
/// Matrices are drawn uniform in ±1 / sqrt(units), biases start at 0.
/// </summary>
/// <remarks>
/// The products with the inputs are formed for all steps at once; the steps themselves are one <see cref="ControlFlow.Scan"/>, so a plan does not grow with T. Both directions:
/// <c>new Concatenation(-1, new Gru(8, 16), new Gru(8, 16, reversed: true))</c>.
/// Norm: for each gate and each matrix that of a <see cref="Linear"/> layer, sqrt(in / out) times the spectral norm, and the largest of them; biases count by their RMS.
/// </remarks>
public abstract class Recurrent : Module
{
    private readonly string layer;
    private readonly int inputs;
    private readonly int gates;
    private readonly bool reversed;

    private protected Recurrent(string layer, int gates, int inputs, int units, bool bias, bool reversed, double mass)
    {
        this.layer = layer;
        this.gates = gates;
        this.inputs = Guard.Length(layer, "the number of inputs", inputs);
        Units = Guard.Length(layer, "the number of units", units);
        HasBias = bias;
        this.reversed = reversed;
        Mass = Guard.Mass(layer, mass);
    }

    /// <summary>Length of the state.</summary>
    public int Units { get; }

    /// <inheritdoc/>
    public override double Mass { get; }

    /// <inheritdoc/>
    public sealed override int WeightCount => HasBias ? 4 : 2;

    private protected bool HasBias { get; }

    /// <inheritdoc/>
    /// <remarks>The two matrices share the learning equally, the biases a tenth of it. A weight meets every step; the sizes are those of one.</remarks>
    protected sealed override IReadOnlyList<LeafGeometry> Leaves()
    {
        TensorNorm norm = MatrixNorms.Blocks(gates, MatrixNorms.RmsToRms), biasNorm = VectorNorms.Rms;
        double bias = HasBias ? 0.05 : 0, matrix = 0.5 - bias;
        LeafGeometry[] matrices = [new("weight_ih", [gates * Units, inputs], norm, matrix), new("weight_hh", [gates * Units, Units], norm, matrix)];
        return HasBias
            ? [.. matrices, new("bias_ih", [gates * Units], biasNorm, bias, Drawn: false), new("bias_hh", [gates * Units], biasNorm, bias, Drawn: false)]
            : matrices;
    }

    /// <inheritdoc/>
    public sealed override Weights Initialize(RandomKey key, DType dtype = DType.F32)
    {
        double bound = 1 / Math.Sqrt(Units);
        RandomKey[] keys = key.Split();
        Tensor ih = Initializers.Uniform(keys[0], [gates * Units, inputs], -bound, bound, dtype), hh = Initializers.Uniform(keys[1], [gates * Units, Units], -bound, bound, dtype);
        return HasBias
            ? new(["weight_ih", "weight_hh", "bias_ih", "bias_hh"], [ih, hh, Tensor.Zeros([gates * Units], dtype), Tensor.Zeros([gates * Units], dtype)])
            : new(["weight_ih", "weight_hh"], [ih, hh]);
    }

    /// <summary>The steps over a sequence: the states after each, at the place of its step, and the last.</summary>
    private protected (Tensor Outputs, TensorList Last) Run(
        Weights weights, Tensor x, IReadOnlyList<Tensor?> initial, Func<Tensor, Tensor, TensorList, TensorList> step)
    {
        if (x.Rank < 2 || x.Shape[^1] != inputs)
            throw new ShapeException($"{layer}: the input must be [.., T, {inputs}], got {x.Shape}. Its last axis is the layer's number of inputs.");
        Shape state = x.Shape[..^2].Concat([Units]);
        Tensor[] first = new Tensor[initial.Count];
        for (int i = 0; i < first.Length; i++)
        {
            first[i] = initial[i] ?? Tensor.Zeros(state, x.DType);
            if (first[i].Shape != state || first[i].DType != x.DType)
                throw new ShapeException($"{layer}: the first state must be {new TensorSpec(x.DType, state)} for the input {x.Spec}, got {first[i].Spec}.");
        }
        Tensor given = x.MatMul(weights["weight_ih"].T);
        if (HasBias) given = given + weights["bias_ih"];
        Tensor across = weights["weight_hh"].T;
        (TensorList last, Tensor outputs) = ControlFlow.Scan(new TensorList(first), Ops.MoveAxis(given, -2, 0), (TensorList s, Tensor now) =>
        {
            Tensor before = s.Items[0].MatMul(across);
            TensorList next = step(now, HasBias ? before + weights["bias_hh"] : before, s);
            return (next, next.Items[0]);
        }, reversed);
        return (Ops.MoveAxis(outputs, 0, -2), last);
    }

    /// <summary>The part of one gate along the last axis.</summary>
    private protected Tensor Gate(Tensor x, int gate) => Ops.Narrow(x, -1, gate * Units, Units);
}
