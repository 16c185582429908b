namespace Engine.Tensors.Cpu;

/// <summary>
/// The few vector operations that the matrix kernels are written in, so that one source serves every width and both element types.
/// Implementations are empty structs: the compiler sees closed types and emits the plain instructions.
/// </summary>
/// <typeparam name="T">Element: <see cref="float"/> or <see cref="double"/>.</typeparam>
/// <typeparam name="TVector">Vector of <typeparamref name="T"/>.</typeparam>
internal unsafe interface ISimd<T, TVector>
    where T : unmanaged
    where TVector : struct
{
    /// <summary>Elements in a vector.</summary>
    static abstract int Width { get; }

    /// <summary>
    /// Rows of the largest register tile. Its accumulators, a row of B and one element of A fill the registers: 24 + 3 + 1 of 32, or 12 + 2 + 1 of 16.
    /// </summary>
    static abstract int TileRows { get; }

    /// <summary>Vectors in a row of the largest register tile.</summary>
    static abstract int TileVectors { get; }

    /// <summary>Elements of the vectors in <see cref="HalfTile"/>; 0 where there is none.</summary>
    static abstract int HalfWidth { get; }

    /// <summary>
    /// <see cref="GemmTiles{T, TVector, TSimd}.Run"/> with one vector half as wide, for the last columns: some processors take two narrow vectors in the time of a wide one.
    /// </summary>
    static abstract void HalfTile(int rows, nint k, T* a, nint ars, nint acs, T* b, nint brs, T* c, nint crs, int last, bool resume);

    static abstract TVector Load(T* address);

    /// <summary>Loads the first <paramref name="count"/> elements and touches no memory beyond; the others are zero.</summary>
    static abstract TVector LoadFirst(T* address, int count);

    static abstract void Store(T* address, TVector value);

    /// <summary>Stores the first <paramref name="count"/> elements and touches no memory beyond.</summary>
    static abstract void StoreFirst(T* address, TVector value, int count);

    static abstract TVector Broadcast(T* address);

    static abstract TVector Add(TVector left, TVector right);

    /// <summary>left * right + addend, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary><see cref="MultiplyAdd"/> in the first <paramref name="count"/> elements, <paramref name="addend"/> unchanged in the others.</summary>
    static abstract TVector MultiplyAddFirst(TVector left, TVector right, TVector addend, int count);
}
