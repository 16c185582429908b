namespace Engine.Tensors.Reference;

/// <summary>
/// The trilinear form sum of y[n, o, p, q] * x[n, c, p * stride + ky * dilation - padding, ..] * w[o, c, ky, kx]: each of the three passes
/// sums its products into the place of the factor that is missing.
/// </summary>
internal static class Convolution
{
    public static void Run(ConvolutionKernel kernel, ReferenceArray first, ReferenceArray second, ReferenceArray result)
    {
        ConvolutionWindow window = kernel.Window;
        (Shape x, Shape w, Shape y) = kernel.Pass switch
        {
            ConvolutionPass.Forward => (first.Shape, second.Shape, result.Shape),
            ConvolutionPass.InputGradient => (result.Shape, second.Shape, first.Shape),
            _ => (first.Shape, result.Shape, second.Shape),
        };
        double[] sums = new double[result.Count];
        for (int position = 0; position < y.Count; position++)
        {
            int[] at = RowMajorOrder.At(y, position);
            (int image, int output, int p, int q) = (at[0], at[1], at[2], at[3]);
            int group = output / (y[1] / window.Groups);
            for (int c = 0; c < w[1]; c++)
            {
                for (int ky = 0; ky < w[2]; ky++)
                {
                    for (int kx = 0; kx < w[3]; kx++)
                    {
                        int row = (p * window.Stride.Height) + (ky * window.Dilation.Height) - window.Padding.Height;
                        int column = (q * window.Stride.Width) + (kx * window.Dilation.Width) - window.Padding.Width;
                        if (row < 0 || row >= x[2] || column < 0 || column >= x[3]) continue;
                        int atX = RowMajorOrder.Position(x, image, (group * w[1]) + c, row, column);
                        int atW = RowMajorOrder.Position(w, output, c, ky, kx);
                        switch (kernel.Pass)
                        {
                            case ConvolutionPass.Forward:
                                sums[position] += first.Float(atX) * second.Float(atW);
                                break;
                            case ConvolutionPass.InputGradient:
                                sums[atX] += first.Float(position) * second.Float(atW);
                                break;
                            default:
                                sums[atW] += first.Float(atX) * second.Float(position);
                                break;
                        }
                    }
                }
            }
        }
        for (int i = 0; i < sums.Length; i++) result.Set(i, sums[i]);
    }
}
