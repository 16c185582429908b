namespace Engine.Tensors.Cpu;

/// <summary>Work that splits into numbered chunks which may run at the same time, in any order, on any thread.</summary>
internal abstract class ParallelJob
{
    /// <summary>Runs one chunk. Chunks must not depend on each other.</summary>
    public abstract void Execute(int chunk);
}
