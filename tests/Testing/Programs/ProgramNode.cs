using System.Globalization;
using Engine.Tensors;

namespace Engine.Testing.Programs;

/// <summary>An expression of a random program.</summary>
public abstract record ProgramNode
{
    /// <summary>How many steps it has, itself included.</summary>
    public abstract int Size { get; }

    /// <summary>True when no step has a kink.</summary>
    public abstract bool Smooth { get; }

    /// <summary>True when the argument occurs in it.</summary>
    public virtual bool Varies => false;

    /// <summary>True when a step is one of some.</summary>
    public virtual bool Uses(IReadOnlyList<ProgramOp> ops) => false;

    /// <summary>The value for an argument.</summary>
    public abstract Tensor Evaluate(Tensor x);

    /// <summary>Smaller expressions: first the operands in its place, then the same with one operand made smaller.</summary>
    public abstract IEnumerable<ProgramNode> Shrink();
}

/// <summary>The argument.</summary>
public sealed record ProgramArgument : ProgramNode
{
    /// <inheritdoc/>
    public override int Size => 1;

    /// <inheritdoc/>
    public override bool Smooth => true;

    /// <inheritdoc/>
    public override bool Varies => true;

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor x) => x;

    /// <inheritdoc/>
    public override IEnumerable<ProgramNode> Shrink() => [];

    /// <inheritdoc/>
    public override string ToString() => "x";
}

/// <summary>A constant matrix.</summary>
/// <param name="Value">Every element.</param>
public sealed record ProgramConstant(double Value) : ProgramNode
{
    /// <inheritdoc/>
    public override int Size => 1;

    /// <inheritdoc/>
    public override bool Smooth => true;

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor x) => Tensor.Full(Value, x.Shape, x.DType);

    /// <inheritdoc/>
    public override IEnumerable<ProgramNode> Shrink() => Value == 0 ? [] : [new ProgramConstant(0)];

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A step.</summary>
/// <param name="Op">What it computes.</param>
/// <param name="Operands">From what.</param>
public sealed record ProgramStep(ProgramOp Op, params ProgramNode[] Operands) : ProgramNode
{
    /// <inheritdoc/>
    public override int Size => 1 + Operands.Sum(o => o.Size);

    /// <inheritdoc/>
    public override bool Smooth => Op.Smooth && Operands.All(o => o.Smooth);

    /// <inheritdoc/>
    public override bool Varies => Operands.Any(o => o.Varies);

    /// <inheritdoc/>
    public override bool Uses(IReadOnlyList<ProgramOp> ops) => ops.Contains(Op) || Operands.Any(o => o.Uses(ops));

    /// <inheritdoc/>
    public override Tensor Evaluate(Tensor x) => Op.Apply(Array.ConvertAll(Operands, o => o.Evaluate(x)));

    /// <inheritdoc/>
    public override IEnumerable<ProgramNode> Shrink()
    {
        foreach (ProgramNode operand in Operands) yield return operand;
        for (int i = 0; i < Operands.Length; i++)
        {
            foreach (ProgramNode smaller in Operands[i].Shrink())
            {
                ProgramNode[] operands = [.. Operands];
                operands[i] = smaller;
                yield return new ProgramStep(Op, operands);
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Op.Name}({string.Join(", ", (object[])Operands)})";
}
