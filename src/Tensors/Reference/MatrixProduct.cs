namespace Engine.Tensors.Reference;

/// <summary>[..., m, k] x [..., k, n] to [..., m, n]; of a symmetric product the lower triangle, mirrored.</summary>
internal static class MatrixProduct
{
    public static void Run(ReferenceArray a, ReferenceArray b, ReferenceArray result, bool symmetric)
    {
        int rows = a.Shape[^2], inner = a.Shape[^1], columns = b.Shape[^1];
        int batches = result.Shape[..^2].Count;
        for (int batch = 0; batch < batches; batch++)
        {
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < (symmetric ? i + 1 : columns); j++)
                {
                    double sum = 0;
                    for (int k = 0; k < inner; k++)
                        sum += a.Float((((batch * rows) + i) * inner) + k) * b.Float((((batch * inner) + k) * columns) + j);
                    result.Set((((batch * rows) + i) * columns) + j, sum);
                    if (symmetric) result.Set((((batch * rows) + j) * columns) + i, sum);
                }
            }
        }
    }
}
