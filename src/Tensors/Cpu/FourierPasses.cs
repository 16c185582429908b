using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>
/// One pass of a self-sorting transform (Stockham, decimation in frequency): with n = radix * m, element q + s (p + m k) of the operand goes into butterfly (p, q), whose output k,
/// times the twiddle e^(-2 pi i p k / n), becomes element q + s (radix p + k). Real and imaginary parts lie in planes of their own.
/// </summary>
internal readonly unsafe struct FourierPasses<T, V, L>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where V : unmanaged
    where L : struct, IFourierLanes<T, V>
{
    /// <summary>Runs the pass for q from first to last.</summary>
    public static void Run(FourierStage<T> stage, T* xr, T* xi, T* yr, T* yi, T* twiddles, nint s, nint first, nint end)
    {
        switch (stage.Radix)
        {
            case 2: Two(stage.Groups, xr, xi, yr, yi, twiddles, s, first, end); break;
            case 3: Three(stage.Groups, xr, xi, yr, yi, twiddles, s, first, end); break;
            case 4: Four(stage.Groups, xr, xi, yr, yi, twiddles, s, first, end); break;
            default: Odd(stage, xr, xi, yr, yi, twiddles, s, first, end); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(int m, T* xr, T* xi, T* yr, T* yi, T* w, nint s, nint first, nint end)
    {
        nint far = s * m;
        for (nint p = 0; p < m; p++, w += 2)
        {
            V wr = L.All(w[0]), wi = L.All(w[1]);
            nint from = s * p, to = 2 * s * p;
            for (nint q = first; q < end; q += L.Count)
            {
                V ar = L.Load(xr + from + q), ai = L.Load(xi + from + q), br = L.Load(xr + from + far + q), bi = L.Load(xi + from + far + q);
                L.Store(yr + to + q, L.Add(ar, br));
                L.Store(yi + to + q, L.Add(ai, bi));
                Put(yr, yi, to + s + q, L.Subtract(ar, br), L.Subtract(ai, bi), wr, wi);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Three(int m, T* xr, T* xi, T* yr, T* yi, T* w, nint s, nint first, nint end)
    {
        V half = L.All(T.CreateChecked(0.5)), root = L.All(T.CreateChecked(0.8660254037844386));
        nint far = s * m;
        for (nint p = 0; p < m; p++, w += 4)
        {
            V w1r = L.All(w[0]), w1i = L.All(w[1]), w2r = L.All(w[2]), w2i = L.All(w[3]);
            nint from = s * p, to = 3 * s * p;
            for (nint q = first; q < end; q += L.Count)
            {
                nint at = from + q;
                V ar = L.Load(xr + at), ai = L.Load(xi + at);
                V br = L.Load(xr + at + far), bi = L.Load(xi + at + far), cr = L.Load(xr + at + (2 * far)), ci = L.Load(xi + at + (2 * far));
                V tr = L.Add(br, cr), ti = L.Add(bi, ci), ur = L.Multiply(L.Subtract(br, cr), root), ui = L.Multiply(L.Subtract(bi, ci), root);
                V mr = L.Subtract(ar, L.Multiply(tr, half)), mi = L.Subtract(ai, L.Multiply(ti, half));
                L.Store(yr + to + q, L.Add(ar, tr));
                L.Store(yi + to + q, L.Add(ai, ti));
                Put(yr, yi, to + s + q, L.Add(mr, ui), L.Subtract(mi, ur), w1r, w1i);
                Put(yr, yi, to + (2 * s) + q, L.Subtract(mr, ui), L.Add(mi, ur), w2r, w2i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(int m, T* xr, T* xi, T* yr, T* yi, T* w, nint s, nint first, nint end)
    {
        nint far = s * m;
        for (nint p = 0; p < m; p++, w += 6)
        {
            V w1r = L.All(w[0]), w1i = L.All(w[1]), w2r = L.All(w[2]), w2i = L.All(w[3]), w3r = L.All(w[4]), w3i = L.All(w[5]);
            nint from = s * p, to = 4 * s * p;
            for (nint q = first; q < end; q += L.Count)
            {
                nint at = from + q;
                V ar = L.Load(xr + at), ai = L.Load(xi + at), br = L.Load(xr + at + far), bi = L.Load(xi + at + far);
                V cr = L.Load(xr + at + (2 * far)), ci = L.Load(xi + at + (2 * far)), dr = L.Load(xr + at + (3 * far)), di = L.Load(xi + at + (3 * far));
                V pr = L.Add(ar, cr), pi = L.Add(ai, ci), mr = L.Subtract(ar, cr), mi = L.Subtract(ai, ci);
                V sr = L.Add(br, dr), si = L.Add(bi, di), tr = L.Subtract(br, dr), ti = L.Subtract(bi, di);
                L.Store(yr + to + q, L.Add(pr, sr));
                L.Store(yi + to + q, L.Add(pi, si));
                Put(yr, yi, to + s + q, L.Add(mr, ti), L.Subtract(mi, tr), w1r, w1i);
                Put(yr, yi, to + (2 * s) + q, L.Subtract(pr, sr), L.Subtract(pi, si), w2r, w2i);
                Put(yr, yi, to + (3 * s) + q, L.Subtract(mr, ti), L.Add(mi, tr), w3r, w3i);
            }
        }
    }

    /// <summary>Any odd radix: outputs k and radix - k are a sum and a difference of the same two sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Odd(FourierStage<T> stage, T* xr, T* xi, T* yr, T* yi, T* w, nint s, nint first, nint end)
    {
        int radix = stage.Radix, half = radix / 2;
        V* sums = stackalloc V[4 * FourierStage<T>.MostHalf];
        V* sumI = sums + half, difference = sumI + half, differenceI = difference + half;
        nint m = stage.Groups, far = s * m;
        fixed (T* cosines = stage.Cosines, sines = stage.Sines)
        {
            for (nint p = 0; p < m; p++, w += 2 * (radix - 1))
            {
                nint to = radix * s * p;
                for (nint q = first; q < end; q += L.Count)
                {
                    nint at = (s * p) + q;
                    V ar = L.Load(xr + at), ai = L.Load(xi + at), totalR = ar, totalI = ai;
                    for (int j = 1; j <= half; j++)
                    {
                        V br = L.Load(xr + at + (j * far)), bi = L.Load(xi + at + (j * far)), cr = L.Load(xr + at + ((radix - j) * far)), ci = L.Load(xi + at + ((radix - j) * far));
                        sums[j - 1] = L.Add(br, cr);
                        sumI[j - 1] = L.Add(bi, ci);
                        difference[j - 1] = L.Subtract(br, cr);
                        differenceI[j - 1] = L.Subtract(bi, ci);
                        totalR = L.Add(totalR, sums[j - 1]);
                        totalI = L.Add(totalI, sumI[j - 1]);
                    }
                    L.Store(yr + to + q, totalR);
                    L.Store(yi + to + q, totalI);
                    for (int k = 1; k <= half; k++)
                    {
                        V mr = ar, mi = ai, ur = L.All(T.Zero), ui = ur;
                        for (int j = 1; j <= half; j++)
                        {
                            int turn = j * k % radix;
                            V cosine = L.All(cosines[turn]), sine = L.All(sines[turn]);
                            mr = L.Add(mr, L.Multiply(sums[j - 1], cosine));
                            mi = L.Add(mi, L.Multiply(sumI[j - 1], cosine));
                            ur = L.Add(ur, L.Multiply(difference[j - 1], sine));
                            ui = L.Add(ui, L.Multiply(differenceI[j - 1], sine));
                        }
                        T* near = w + (2 * (k - 1)), other = w + (2 * (radix - k - 1));
                        Put(yr, yi, to + (k * s) + q, L.Add(mr, ui), L.Subtract(mi, ur), L.All(near[0]), L.All(near[1]));
                        Put(yr, yi, to + ((radix - k) * s) + q, L.Subtract(mr, ui), L.Add(mi, ur), L.All(other[0]), L.All(other[1]));
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(T* yr, T* yi, nint at, V r, V i, V wr, V wi)
    {
        L.Store(yr + at, L.Subtract(L.Multiply(r, wr), L.Multiply(i, wi)));
        L.Store(yi + at, L.Add(L.Multiply(r, wi), L.Multiply(i, wr)));
    }
}
