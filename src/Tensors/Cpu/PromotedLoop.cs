using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>When an elementwise kernel gets a loop of its own in place of the loops over tiles. Results do not depend on it.</summary>
internal enum Promotion
{
    /// <summary>Once the tiles have taken as long as the just-in-time compiler would.</summary>
    WhenRepaid,

    /// <summary>When the kernel is made: for plans, which run many times.</summary>
    AtOnce,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>The emitted loop of an elementwise kernel, made at most once and only if it pays.</summary>
internal sealed class PromotedLoop
{
    /// <summary>What it costs to emit and compile a loop, about.</summary>
    private const double CompilationNanoseconds = 2e6;

    private readonly Exprs bodies;
    private readonly TileSource[] inputs;
    private readonly int[] coordinates;
    private double spent;
    private int asked;

    public PromotedLoop(Exprs bodies, TileSource[] inputs, TileProgram program, Promotion promotion)
    {
        this.bodies = bodies;
        this.inputs = inputs;
        coordinates = program.Slots.Coordinates;
        // A single instruction is a loop over vectors already.
        asked = promotion == Promotion.Never || program.Instructions.Length == 1 || !RuntimeFeature.IsDynamicCodeSupported ? 1 : 0;
        if (promotion == Promotion.AtOnce) Emit();
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
        if (Interlocked.Exchange(ref asked, 1) == 0) Loop = LoopEmitter.TryEmit(bodies.Values, inputs, coordinates);
    }
}
