using Engine.Tensors;

namespace Engine.Checks;

/// <summary>One call of an op: the function with its attributes fixed, what the operands may hold, and what the result should be.</summary>
/// <param name="Function">The op as a function of its tensor operands.</param>
/// <param name="Operands">What the operands may hold.</param>
/// <param name="Reference">The result by definition: naive, in double precision, written without the engine's ops.</param>
public sealed record OpCase(Func<Tensor[], Tensor> Function, Operand[] Operands, Func<Grid[], Grid> Reference)
{
    /// <summary>The attributes, for messages.</summary>
    public string Attributes { get; init; } = "";
}
