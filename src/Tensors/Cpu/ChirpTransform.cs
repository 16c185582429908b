using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// Forward transforms of any length (Bluestein): j k = (j^2 + k^2 - (k - j)^2) / 2 makes the sum a convolution with the chirp e^(i pi j^2 / n), which is computed by
/// transforms of a power of two.
/// </summary>
internal sealed unsafe class ChirpTransform<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly FourierPlan<T> plan;
    private readonly T[] chirp;
    private readonly T[] spectrum;

    public ChirpTransform(int length)
    {
        Length = length;
        Padded = (int)BitOperations.RoundUpToPowerOf2((uint)((2 * length) - 1));
        plan = FourierPlan<T>.TryCreate(Padded)!;
        double[] exact = new double[2 * length], real = new double[Padded], imaginary = new double[Padded], otherReal = new double[Padded], otherImaginary = new double[Padded];
        for (int j = 0; j < length; j++)
        {
            (double cosine, double sine) = UnitRoots.At((long)j * j, 2L * length);
            (exact[2 * j], exact[(2 * j) + 1]) = (cosine, sine);
            (real[j], imaginary[j]) = (cosine, sine);
            if (j > 0) (real[Padded - j], imaginary[Padded - j]) = (cosine, sine);
        }
        chirp = Array.ConvertAll(exact, T.CreateTruncating);
        spectrum = new T[2 * Padded];
        fixed (double* r = real, i = imaginary, or = otherReal, oi = otherImaginary)
        {
            bool swapped = FourierPlan<double>.TryCreate(Padded)!.Run(1, r, i, or, oi);
            for (int k = 0; k < Padded; k++)
            {
                spectrum[2 * k] = T.CreateTruncating((swapped ? or : r)[k] / Padded);
                spectrum[(2 * k) + 1] = T.CreateTruncating((swapped ? oi : i)[k] / Padded);
            }
        }
    }

    public int Length { get; }

    /// <summary>Length of the transforms within: what the planes have to hold of each line.</summary>
    public int Padded { get; }

    /// <summary>As <see cref="FourierPlan{T}.Run"/>, over planes of <see cref="Padded"/> elements per line of which the first <see cref="Length"/> count.</summary>
    public bool Run(int lines, T* real, T* imaginary, T* otherReal, T* otherImaginary)
    {
        nint filled = (nint)Length * lines, all = (nint)Padded * lines;
        Times(chirp, -T.One, Length, lines, real, imaginary);
        new Span<T>(real + filled, (int)(all - filled)).Clear();
        new Span<T>(imaginary + filled, (int)(all - filled)).Clear();
        bool swapped = plan.Run(lines, real, imaginary, otherReal, otherImaginary);
        T* r = swapped ? otherReal : real, i = swapped ? otherImaginary : imaginary, workR = swapped ? real : otherReal, workI = swapped ? imaginary : otherImaginary;
        Times(spectrum, T.One, Padded, lines, r, i);
        // With real and imaginary parts exchanged, the forward transform is the backward one.
        bool again = plan.Run(lines, i, r, workI, workR);
        Times(chirp, -T.One, Length, lines, again ? workR : r, again ? workI : i);
        return swapped ^ again;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Times(T[] factors, T sign, int length, int lines, T* real, T* imaginary)
    {
        for (int j = 0; j < length; j++)
        {
            T c = factors[2 * j], d = sign * factors[(2 * j) + 1];
            T* r = real + ((nint)j * lines), i = imaginary + ((nint)j * lines);
            for (int l = 0; l < lines; l++)
            {
                T a = r[l], b = i[l];
                r[l] = (a * c) - (b * d);
                i[l] = (a * d) + (b * c);
            }
        }
    }
}
