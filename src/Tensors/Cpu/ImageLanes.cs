namespace Engine.Tensors.Cpu;

/// <summary>Where the vectors of a convolution tile lie: neighbouring positions in a row of them, up to three vectors, each of which may begin anywhere.</summary>
internal unsafe struct ImageLanes<T> where T : unmanaged
{
    /// <summary>What window element 0 sees at the first lane, were its offset 0.</summary>
    public T* Image0, Image1, Image2;

    /// <summary>The result of the first lane in row 0.</summary>
    public T* Output0, Output1, Output2;

    /// <summary>Lanes that are positions; the others compute what nobody reads.</summary>
    public int Count0, Count1, Count2;
}
