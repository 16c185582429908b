using System.Collections.Immutable;
using System.Text;

namespace Engine.Tensors;

/// <summary>What holds a buffer of a plan.</summary>
public enum BufferKind : byte
{
    /// <summary>An argument of the plan; <see cref="PlanBuffer.Slot"/> is its number.</summary>
    Input,

    /// <summary>A tensor captured when the plan was made; <see cref="PlanBuffer.Slot"/> is its number among <see cref="Plan.Constants"/>.</summary>
    Constant,

    /// <summary>A result that leaves the plan: fresh memory in every run, so that no tensor a user holds is ever written.</summary>
    Result,

    /// <summary>Scratch inside the arena of the executable, at byte <see cref="PlanBuffer.Slot"/>; shared by buffers that are never live together.</summary>
    Arena,
}

/// <summary>A block of memory that steps of a plan read and write.</summary>
/// <param name="Kind">What holds it.</param>
/// <param name="DType">Element type.</param>
/// <param name="Count">Elements.</param>
/// <param name="Slot">Argument number, constant number, result number or byte offset in the arena, by kind.</param>
public readonly record struct PlanBuffer(BufferKind Kind, DType DType, int Count, int Slot);

/// <summary>A view of a buffer.</summary>
/// <param name="Buffer">Number of the buffer.</param>
/// <param name="DType">Element type.</param>
/// <param name="Layout">Where the elements lie.</param>
public readonly record struct Operand(int Buffer, DType DType, Layout Layout);

/// <summary>One kernel launch.</summary>
/// <param name="Name">Name of the primitive it came from.</param>
/// <param name="Kernel">What is computed.</param>
/// <param name="Inputs">Operands read.</param>
/// <param name="Outputs">Operands written, row-major.</param>
public sealed record PlanStep(string Name, Kernel Kernel, ImmutableArray<Operand> Inputs, ImmutableArray<Operand> Outputs)
{
    /// <summary>Lines of the program it came from, where the trace noted them.</summary>
    public ImmutableArray<string> Sources { get; init; } = [];
}

/// <summary>How often a plan will run: how much work to put into making it fast.</summary>
public enum PlanUse : byte
{
    /// <summary>Once: nothing is prepared that takes longer than it saves in one run.</summary>
    Once,

    /// <summary>An unknown number of times: a kernel is improved when it has run long enough to repay it.</summary>
    Calls,

    /// <summary>Many times: everything is prepared before the first run, and later runs allocate nothing.</summary>
    Steps,
}

/// <summary>
/// A program for a device, as data: buffers, steps in order, and where inputs, constants and results are. Made by the planner, executed by
/// <see cref="Device.Build"/>'s executables.
/// </summary>
/// <param name="Inputs">Element type and layout of each argument; an argument of another layout is copied first.</param>
/// <param name="Constants">Captured tensors.</param>
/// <param name="Buffers">All buffers.</param>
/// <param name="Steps">Kernel launches in order.</param>
/// <param name="Results">Where each result is: any view of any buffer.</param>
/// <param name="ArenaBytes">Size of the arena.</param>
public sealed record Plan(
    ImmutableArray<TensorSpec> Inputs,
    ImmutableArray<Tensor> Constants,
    ImmutableArray<PlanBuffer> Buffers,
    ImmutableArray<PlanStep> Steps,
    ImmutableArray<Operand> Results,
    long ArenaBytes)
{
    /// <summary>How often it will run.</summary>
    public PlanUse Use { get; init; } = PlanUse.Calls;

    /// <summary>Numbers of results that may be written to the memory of the input of the same number.</summary>
    public ImmutableArray<int> InPlace { get; init; } = [];

    /// <summary>True when the plan, or one of its regions, may run for as long as its values say.</summary>
    public bool HasWhile => Steps.Any(s => s.Kernel is WhileRegion || (s.Kernel is Region region && region.Plans.Any(p => p.Plan.HasWhile)));

    /// <summary>Kernels of the plan, those of its regions included.</summary>
    public int KernelCount => Steps.Sum(s => s.Kernel is Region region ? region.Plans.Sum(p => p.Plan.KernelCount) : 1);

    /// <summary>
    /// The plan as text: a line per step with the ops that were fused into it, the plans of control flow indented below; then buffers, bytes and captures.
    /// </summary>
    public string Explain()
    {
        var text = new StringBuilder();
        text.AppendLine($"inputs: {string.Join(", ", Inputs)}");
        Explain(text, "");
        text.AppendLine($"kernels: {KernelCount}, buffers: {Buffers.Length}, arena: {ArenaBytes} bytes");
        if (!InPlace.IsEmpty) text.AppendLine($"updated in place: {InPlace.Length} of {Results.Length} results");
        text.AppendLine($"captures: {(Constants.IsEmpty ? "none" : string.Join(", ", Constants.Select(c => c.Spec)))}");
        return text.ToString();
    }

    private void Explain(StringBuilder text, string indent)
    {
        for (int i = 0; i < Steps.Length; i++)
        {
            PlanStep step = Steps[i];
            text.AppendLine($"{indent}{i,4} {step.Name,-16} {Text(step.Inputs)} -> {Text([.. step.Outputs.DistinctBy(o => o.Buffer)])}{(step.Sources.IsEmpty ? "" : $"  ({string.Join(", ", step.Sources)})")}");
            if (step.Kernel is not Region region) continue;
            foreach ((string role, Plan plan) in region.Plans)
            {
                text.AppendLine($"{indent}       {role}: {string.Join(", ", plan.Inputs)} -> {Text(plan.Results)}");
                plan.Explain(text, indent + "       ");
            }
        }
    }

    private static string Text(ImmutableArray<Operand> operands) => string.Join(", ", operands.Select(o => $"b{o.Buffer} {o.DType.Name()}{o.Layout.Shape}"));
}
