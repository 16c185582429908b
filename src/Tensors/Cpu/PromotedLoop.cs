using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The emitted loop of an elementwise kernel, which takes the place of the loops over tiles: at once in a plan of many runs, else when the tiles have taken as long as the
/// just-in-time compiler would. Results do not depend on it.
/// </summary>
internal sealed class PromotedLoop
{
    /// <summary>What it costs to emit and compile a loop, about.</summary>
    private const double CompilationNanoseconds = 2e6;

    private readonly LoopCache loops;
    private readonly Exprs bodies;
    private readonly TileSource[] inputs;
    private readonly int[] coordinates;
    private double spent;
    private int asked;

    public PromotedLoop(LoopCache loops, Exprs bodies, TileSource[] inputs, TileProgram program, PlanUse use)
    {
        this.loops = loops;
        this.bodies = bodies;
        this.inputs = inputs;
        coordinates = program.Slots.Coordinates;
        // A single instruction is a loop over vectors already.
        asked = use == PlanUse.Once || program.Instructions.Length == 1 || !RuntimeFeature.IsDynamicCodeSupported ? 1 : 0;
        if (use == PlanUse.Steps) Emit();
    }

    /// <summary>The loop, or null while tiles are used. It may appear at any time.</summary>
    public EmittedLoop? Loop { get; private set; }

    /// <summary>Counts a run of some estimated time. Runs at the same time may be lost from the count, which does no harm.</summary>
    public void Count(double nanoseconds)
    {
        if (asked != 0) return;
        if (spent >= CompilationNanoseconds) Emit();
        else spent += nanoseconds;
    }

    private void Emit()
    {
        if (Interlocked.Exchange(ref asked, 1) == 0) Loop = loops.Find(bodies.Values, inputs, coordinates);
    }
}
