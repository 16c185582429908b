using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// The emitted form of a kernel, which takes the place of its loops over tiles: at once in a plan of many runs, else when the tiles have taken as long as the just-in-time
/// compiler would. It is made at most once; results do not depend on it.
/// </summary>
internal sealed class Promoted<T> where T : class
{
    /// <summary>What it costs to emit and compile a loop, about.</summary>
    private const double CompilationNanoseconds = 2e6;

    private readonly Func<T?> emit;
    private double spent;
    private int asked;

    /// <param name="emit">Makes the emitted form, or null where there is none.</param>
    /// <param name="pays">False when tiles are as good.</param>
    /// <param name="use">How often the kernel will run.</param>
    public Promoted(Func<T?> emit, bool pays, PlanUse use)
    {
        this.emit = emit;
        asked = use != PlanUse.Once && pays && RuntimeFeature.IsDynamicCodeSupported ? 0 : 1;
        if (use == PlanUse.Steps) Emit();
    }

    /// <summary>The emitted form, or null while tiles are used. It may appear at any time.</summary>
    public T? Form { get; private set; }

    /// <summary>Counts a run of some estimated time. Runs at the same time may be lost from the count, which does no harm.</summary>
    public void Count(double nanoseconds)
    {
        if (asked != 0) return;
        if (spent >= CompilationNanoseconds) Emit();
        else spent += nanoseconds;
    }

    private void Emit()
    {
        if (Interlocked.Exchange(ref asked, 1) == 0) Form = emit();
    }
}
