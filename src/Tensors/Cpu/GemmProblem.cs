namespace Engine.Tensors.Cpu;

/// <summary>
/// C[M, N] = A[M, K] * B[K, N]. Strides count elements; those of A and B may be negative or zero. The columns of C are contiguous.
/// With <see cref="LowerOnly"/> row i of C is wanted up to column i + <see cref="Diagonal"/>; what lies beyond is computed or left as it is.
/// With <see cref="Symmetric"/> the elements above the diagonal are copies of those below. With <see cref="Accumulate"/> the chains of multiply-adds begin with what C holds instead of +0.
/// </summary>
internal unsafe struct GemmProblem<T>
    where T : unmanaged
{
    public int M;
    public int N;
    public int K;
    public T* A;
    public nint ARow;
    public nint AColumn;
    public T* B;
    public nint BRow;
    public nint BColumn;
    public T* C;
    public nint CRow;
    public bool LowerOnly;
    public int Diagonal;
    public bool Symmetric;
    public bool Accumulate;
}
