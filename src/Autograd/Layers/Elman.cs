using Engine.Tensors;

namespace Engine.Autograd.Layers;

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
