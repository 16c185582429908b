using System.Numerics;

namespace Engine.Tensors.Cpu;

/// <summary>One pass: its radix, how many butterflies it has per place, and its twiddles.</summary>
internal sealed class FourierStage<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Half of the largest odd radix, rounded down.</summary>
    public const int MostHalf = 6;

    public FourierStage(int radix, int groups)
    {
        Radix = radix;
        Groups = groups;
        int n = radix * groups;
        Twiddles = new T[2 * groups * (radix - 1)];
        int next = 0;
        for (int p = 0; p < groups; p++)
        {
            for (int k = 1; k < radix; k++)
            {
                (double cosine, double sine) = UnitRoots.At((long)p * k, n);
                Twiddles[next++] = T.CreateTruncating(cosine);
                Twiddles[next++] = T.CreateTruncating(-sine);
            }
        }
        Cosines = new T[radix];
        Sines = new T[radix];
        for (int k = 0; k < radix; k++)
        {
            (double cosine, double sine) = UnitRoots.At(k, radix);
            Cosines[k] = T.CreateTruncating(cosine);
            Sines[k] = T.CreateTruncating(sine);
        }
    }

    public int Radix { get; }

    public int Groups { get; }

    /// <summary>e^(-2 pi i p k / n) for p and k = 1 to radix - 1, real and imaginary.</summary>
    public T[] Twiddles { get; }

    public T[] Cosines { get; }

    public T[] Sines { get; }
}

/// <summary>Cosines and sines of parts of a turn, in double precision.</summary>
internal static class UnitRoots
{
    /// <summary>cos and sin of 2 pi part / whole, from an angle of at most an eighth of a turn, so that equal numbers are equal and zeros exact.</summary>
    public static (double Cosine, double Sine) At(long part, long whole)
    {
        part %= whole;
        long eighth = part * 8 / whole;
        // Turned back by quarters into [-1/8, 1/8] of a turn; in eighths of the whole to stay exact.
        long quarters = (eighth + 1) / 2;
        double angle = Math.PI / 2 * ((4 * part) - (quarters * whole)) / whole;
        double cosine = PortableScalar.Evaluate(ElementaryFunction.Cos, angle), sine = PortableScalar.Evaluate(ElementaryFunction.Sin, angle);
        return (quarters & 3) switch
        {
            0 => (cosine, sine),
            1 => (-sine, cosine),
            2 => (-cosine, -sine),
            _ => (sine, -cosine),
        };
    }
}

/// <summary>Forward transforms of one length over planes of real and imaginary parts, several lines side by side.</summary>
internal sealed unsafe class FourierPlan<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private static readonly int[] Radices = [4, 2, 3, 5, 7, 11, 13];

    private readonly FourierStage<T>[] stages;

    private FourierPlan(FourierStage<T>[] stages) => this.stages = stages;

    /// <summary>The plan of a length; null when it has a prime factor without a pass.</summary>
    public static FourierPlan<T>? TryCreate(int n)
    {
        List<FourierStage<T>> stages = [];
        foreach (int radix in Radices)
        {
            while (n % radix == 0)
            {
                n /= radix;
                stages.Add(new(radix, n));
            }
        }
        return n == 1 ? new([.. stages]) : null;
    }

    /// <summary>Transforms lines: element j of line l is at j * lines + l.</summary>
    /// <param name="lines">How many.</param>
    /// <param name="real">Real parts; overwritten.</param>
    /// <param name="imaginary">Imaginary parts; overwritten.</param>
    /// <param name="otherReal">Work memory of the same size.</param>
    /// <param name="otherImaginary">Work memory of the same size.</param>
    /// <returns>True when the result lies in the work memory.</returns>
    public bool Run(int lines, T* real, T* imaginary, T* otherReal, T* otherImaginary)
    {
        bool swapped = false;
        T* xr = real, xi = imaginary, yr = otherReal, yi = otherImaginary;
        nint s = lines;
        foreach (FourierStage<T> stage in stages)
        {
            nint vectors = s - (s % Vector<T>.Count);
            fixed (T* twiddles = stage.Twiddles)
            {
                if (vectors > 0) FourierPasses<T, Vector<T>, FourierVector<T>>.Run(stage, xr, xi, yr, yi, twiddles, s, 0, vectors);
                if (vectors < s) FourierPasses<T, T, FourierScalar<T>>.Run(stage, xr, xi, yr, yi, twiddles, s, vectors, s);
            }
            swapped = !swapped;
            xr = swapped ? otherReal : real;
            xi = swapped ? otherImaginary : imaginary;
            yr = swapped ? real : otherReal;
            yi = swapped ? imaginary : otherImaginary;
            s *= stage.Radix;
        }
        return swapped;
    }
}
