namespace Engine.Tensors.Reference;

/// <summary>Discrete Fourier transforms by their definition.</summary>
internal static class Fourier
{
    public static void Run(FourierKernel kernel, ReferenceArray x, ReferenceArray result)
    {
        int n = kernel.Length, half = (n / 2) + 1;
        int from = kernel.Form switch { FourierForm.RealToHalf => n, FourierForm.HalfToReal => half * 2, _ => n * 2 };
        int to = kernel.Form switch { FourierForm.RealToHalf => half * 2, FourierForm.HalfToReal => n, _ => n * 2 };
        for (int line = 0; line < result.Count / to; line++)
        {
            for (int k = 0; k < (kernel.Form == FourierForm.RealToHalf ? half : n); k++)
            {
                (double real, double imaginary) = (0, 0);
                for (int j = 0; j < (kernel.Form == FourierForm.HalfToReal ? half : n); j++)
                {
                    double angle = 2 * Math.PI * ((long)j * k % n) / n, cosine = Math.Cos(angle), sine = Math.Sin(angle);
                    if (!kernel.Backward) sine = -sine;
                    double a = kernel.Form == FourierForm.RealToHalf ? x.Float((line * from) + j) : x.Float((line * from) + (2 * j));
                    double b = kernel.Form == FourierForm.RealToHalf ? 0 : x.Float((line * from) + (2 * j) + 1);
                    double weight = kernel.Form == FourierForm.HalfToReal ? Weight(kernel, j) : 1;
                    real += weight * ((a * cosine) - (b * sine));
                    imaginary += weight * ((a * sine) + (b * cosine));
                }
                double scale = kernel.Form == FourierForm.RealToHalf ? kernel.Scale * Weight(kernel, k) : kernel.Scale;
                if (kernel.Form == FourierForm.HalfToReal)
                {
                    result.Set((line * to) + k, real * scale);
                    continue;
                }
                result.Set((line * to) + (2 * k), real * scale);
                result.Set((line * to) + (2 * k) + 1, imaginary * scale);
            }
        }
    }

    private static double Weight(FourierKernel kernel, int k) => kernel.Weighted && k > 0 && 2 * k != kernel.Length ? 2 : 1;
}
