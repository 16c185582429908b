namespace Engine.Tensors.Cpu;

/// <summary>A map that a product applies to every part of its result that a thread has just computed.</summary>
/// <param name="map">The map.</param>
/// <param name="firstOperand">Number of the map's first operand among those of the launch.</param>
/// <param name="product">Number of the product among the operands of the launch.</param>
internal sealed unsafe class ProductEpilogue(CpuMap map, int firstOperand, int product)
{
    /// <summary>Bytes of a product that are computed before the map is applied to them: with the map's other operands they stay in a second-level cache.</summary>
    public const int CacheBytes = 128 << 10;

    /// <summary>Number of the product among the operands of the launch.</summary>
    public int Product => product;

    /// <summary>Estimated serial time of a run.</summary>
    public double Nanoseconds => map.Nanoseconds;

    /// <summary>Counts a run.</summary>
    public void Count() => map.Count();

    /// <inheritdoc cref="CpuMap.Apply"/>
    public void Apply(void** operands, long first, long length, long runs, long step, ScratchPool scratch) =>
        map.Apply(operands + firstOperand, first, length, runs, step, scratch);
}

/// <summary>An epilogue with the operands of a run.</summary>
/// <param name="epilogue">The epilogue.</param>
/// <param name="operands">Operands of the launch.</param>
internal readonly unsafe struct EpilogueCall(ProductEpilogue? epilogue, void** operands)
{
    /// <summary>True when there is an epilogue.</summary>
    public bool Exists => epilogue is not null;

    /// <summary>Estimated serial time of a run; 0 when there is no epilogue.</summary>
    public double Nanoseconds => epilogue?.Nanoseconds ?? 0;

    /// <summary>The address of the product.</summary>
    public void* Product => operands[epilogue!.Product];

    /// <inheritdoc cref="CpuMap.Apply"/>
    public void Apply(long first, long length, long runs, long step, ScratchPool scratch)
    {
        if (length == step) (length, runs) = (length * runs, 1);
        epilogue!.Apply(operands, first, length, runs, step, scratch);
    }
}
