using Engine.Tensors;

namespace Engine.Autograd.Layers;

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
