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

/// <summary>
/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh) (Elman, "Finding Structure in Time", 1990): [.., T, inputs] to [.., T, units].
/// </summary>
/// <remarks>Sensitivity 1, of one step in its input and, as well, in the state before it: tanh stretches by at most 1.</remarks>
public sealed class Elman : Recurrent
{
    /// <summary>A simple recurrent layer.</summary>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="units">Length of the state.</param>
    /// <param name="bias">Whether biases are added.</param>
    /// <param name="reversed">From the last step to the first; results stay at their steps.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public Elman(int inputs, int units, bool bias = true, bool reversed = false, double mass = 1)
        : base("elman", 1, inputs, units, bias, reversed, mass)
    {
    }

    /// <inheritdoc/>
    public override double Sensitivity => 1;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, inputs].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Forward(weights, x, null).Outputs;

    /// <summary>The layer from a given state.</summary>
    /// <param name="weights">Weights of this layer's form.</param>
    /// <param name="x">[.., T, inputs].</param>
    /// <param name="state">The state before the first step, [.., units]; zeros when null.</param>
    /// <returns>The states after each step, and the last.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public (Tensor Outputs, Tensor State) Forward(Weights weights, Tensor x, Tensor? state)
    {
        (Tensor outputs, TensorList last) = Run(weights, x, [state], (now, before, _) => new(Ops.Tanh(now + before)));
        return (outputs, last.Items[0]);
    }
}

/// <summary>
/// The gated recurrent unit (Cho et al., EMNLP 2014, with the reset after the product as in cuDNN), gates in the order r, z, n:
/// r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z = sigmoid(W_iz x + b_iz + W_hz h + b_hz), n = tanh(W_in x + b_in + r (W_hn h + b_hn)), h' = (1 - z) n + z h.
/// [.., T, inputs] to [.., T, units].
/// </summary>
/// <remarks>
/// Sensitivity 7/4, of one step in its input where the state and W_hn h lie in [-1, 1]: n changes by at most 1 + 1/4, through r, and z by 1/4 of |h - n| at most 2.
/// </remarks>
public sealed class Gru : Recurrent
{
    /// <summary>A gated recurrent layer.</summary>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="units">Length of the state.</param>
    /// <param name="bias">Whether biases are added.</param>
    /// <param name="reversed">From the last step to the first; results stay at their steps.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public Gru(int inputs, int units, bool bias = true, bool reversed = false, double mass = 1)
        : base("gru", 3, inputs, units, bias, reversed, mass)
    {
    }

    /// <inheritdoc/>
    public override double Sensitivity => 1.75;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, inputs].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Forward(weights, x, null).Outputs;

    /// <summary>The layer from a given state.</summary>
    /// <param name="weights">Weights of this layer's form.</param>
    /// <param name="x">[.., T, inputs].</param>
    /// <param name="state">The state before the first step, [.., units]; zeros when null.</param>
    /// <returns>The states after each step, and the last.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public (Tensor Outputs, Tensor State) Forward(Weights weights, Tensor x, Tensor? state)
    {
        (Tensor outputs, TensorList last) = Run(weights, x, [state], (now, before, s) =>
        {
            Tensor r = Ops.Sigmoid(Gate(now, 0) + Gate(before, 0)), z = Ops.Sigmoid(Gate(now, 1) + Gate(before, 1));
            Tensor n = Ops.Tanh(Gate(now, 2) + r * Gate(before, 2));
            return new((1 - z) * n + z * s.Items[0]);
        });
        return (outputs, last.Items[0]);
    }
}

/// <summary>
/// Long short-term memory with forget gates (Hochreiter and Schmidhuber, 1997; Gers et al., 2000), gates in the order i, f, g, o of W_ih x + b_ih + W_hh h + b_hh:
/// c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'). [.., T, inputs] to the states h, [.., T, units].
/// </summary>
/// <remarks>Sensitivity 7/4, of one step in its input where the cell lies in [-1, 1]: i and f contribute 1/4 each, g 1, o 1/4.</remarks>
public sealed class Lstm : Recurrent
{
    /// <summary>A long short-term memory layer.</summary>
    /// <param name="inputs">Length of the last axis of the input.</param>
    /// <param name="units">Length of the state.</param>
    /// <param name="bias">Whether biases are added.</param>
    /// <param name="reversed">From the last step to the first; results stay at their steps.</param>
    /// <param name="mass">Share of the learning.</param>
    /// <exception cref="ArgumentException">A length is below 1, or the mass is negative.</exception>
    public Lstm(int inputs, int units, bool bias = true, bool reversed = false, double mass = 1)
        : base("lstm", 4, inputs, units, bias, reversed, mass)
    {
    }

    /// <inheritdoc/>
    public override double Sensitivity => 1.75;

    /// <inheritdoc/>
    /// <exception cref="ShapeException">The input is not [.., T, inputs].</exception>
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => Forward(weights, x, null, null).Outputs;

    /// <summary>The layer from a given state and cell.</summary>
    /// <param name="weights">Weights of this layer's form.</param>
    /// <param name="x">[.., T, inputs].</param>
    /// <param name="state">The state h before the first step, [.., units]; zeros when null.</param>
    /// <param name="cell">The cell c before the first step, [.., units]; zeros when null.</param>
    /// <returns>The states after each step, the last, and the last cell.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public (Tensor Outputs, Tensor State, Tensor Cell) Forward(Weights weights, Tensor x, Tensor? state, Tensor? cell)
    {
        (Tensor outputs, TensorList last) = Run(weights, x, [state, cell], (now, before, s) =>
        {
            Tensor gates = now + before;
            Tensor next = Ops.Sigmoid(Gate(gates, 1)) * s.Items[1] + Ops.Sigmoid(Gate(gates, 0)) * Ops.Tanh(Gate(gates, 2));
            return new(Ops.Sigmoid(Gate(gates, 3)) * Ops.Tanh(next), next);
        });
        return (outputs, last.Items[0], last.Items[1]);
    }
}
