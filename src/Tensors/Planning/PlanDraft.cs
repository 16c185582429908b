using System.Collections.Immutable;

namespace Engine.Tensors;

/// <summary>A plan in the making: what the passes of the planner hand on. Buffers that leave the plan are still arena buffers.</summary>
internal sealed class PlanDraft
{
    public List<TensorSpec> Inputs { get; } = [];

    public List<Tensor> Constants { get; } = [];

    public List<PlanBuffer> Buffers { get; } = [];

    public List<PlanStep> Steps { get; set; } = [];

    public ImmutableArray<Operand> Results { get; set; } = [];

    /// <summary>A new buffer and the row-major view of all of it.</summary>
    public Operand NewBuffer(BufferKind kind, TensorSpec spec, int slot = 0)
    {
        Buffers.Add(new(kind, spec.DType, spec.Shape.Count, slot));
        return new(Buffers.Count - 1, spec.DType, Layout.Contiguous(spec.Shape));
    }

    /// <summary>The bits of an operand that is one known number at every element.</summary>
    public bool TryConstant(Operand operand, out ulong bits)
    {
        bits = 0;
        PlanBuffer buffer = Buffers[operand.Buffer];
        if (buffer.Kind != BufferKind.Constant || buffer.Count != 1) return false;
        bits = Scalars.Bits(Constants[buffer.Slot]);
        return true;
    }
}
