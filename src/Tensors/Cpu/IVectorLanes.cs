namespace Engine.Tensors.Cpu;

/// <summary>Float lanes that live in a register of the processor and can be loaded from and stored to memory.</summary>
/// <typeparam name="T">The element type, float or double.</typeparam>
/// <typeparam name="F">Floating-point lanes.</typeparam>
/// <typeparam name="I">Integer lanes.</typeparam>
/// <typeparam name="M">A truth value per lane.</typeparam>
internal unsafe interface IVectorLanes<T, F, I, M> : IFloatLanes<F, I, M>
    where T : unmanaged
{
    /// <summary>Number of elements; 1 for the scalar.</summary>
    static abstract int Count { get; }

    /// <summary>Reads <see cref="Count"/> elements; no alignment needed.</summary>
    static abstract F Load(T* address);

    /// <summary>Writes <see cref="Count"/> elements; no alignment needed.</summary>
    static abstract void Store(T* address, F value);
}
