using Engine.Tensors;

namespace Engine.Autograd.Layers;

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
