using System.Numerics;
using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;

namespace Engine.Tensors.Tests.Fourier;

/// <summary>Fourier transforms against their definition, by their theorems, and by their bits for any threads, batch and layout.</summary>
public sealed class FourierTests
{
    public static TheoryData<int> Lengths => [.. Enumerable.Range(1, 70), 97, 128, 210, 1009];

    [Theory, MemberData(nameof(Lengths))]
    public void AgreesWithTheDefinition(int n)
    {
        Complex[] x = Random(n, n);
        Complex[] forward = Definition(x, -1), backward = Definition(x, 1);
        Tensor values = Of(x);
        Close(forward, Ops.Fft(values), 2e-15);
        Close([.. backward.Select(v => v / n)], Ops.Ifft(values), 2e-15);
        Close([.. forward.Select(v => v / Math.Sqrt(n))], Ops.Fft(values, norm: FourierNorm.Ortho), 2e-15);
        Close([.. forward.Select(v => v / n)], Ops.Fft(values, norm: FourierNorm.Forward), 2e-15);
        Close(forward, Ops.Fft(values.Cast(DType.F32)).Cast(DType.F64), 1e-6);
        Close(x, Ops.Ifft(Ops.Fft(values)), 2e-15);

        double[] real = [.. x.Select(v => v.Real)];
        Tensor half = Ops.Rfft(Tensor.Of(real));
        Close(Definition([.. real.Select(v => (Complex)v)], -1)[..((n / 2) + 1)], half, 2e-15);
        Close([.. real.Select(v => (Complex)v)], Ops.Stack([Ops.Irfft(half, n), Ops.Irfft(half, n) * 0], -1), 2e-15);
        Close(forward, Ops.Fft(Tensor.Of(values.ToArray<double>(), values.Shape, new ReferenceDevice())), 1e-13);
    }

    [Fact]
    public void WorkedByHand()
    {
        Assert.Equal([10.0, 0, -2, 2, -2, 0, -2, -2], Ops.Fft(Of([1, 2, 3, 4])).ToArray<double>());
        Assert.Equal([10.0, 0, -2, 2, -2, 0], Ops.Rfft(Tensor.Of([1.0, 2, 3, 4])).ToArray<double>());
        Assert.Equal([1.0, 2, 3, 4], Ops.Irfft(Tensor.Of(new[,] { { 10.0, 0 }, { -2, 2 }, { -2, 0 } })).ToArray<double>());
        // Imaginary parts that no real numbers have are not read.
        Assert.Equal([1.0, 2, 3, 4], Ops.Irfft(Tensor.Of(new[,] { { 10.0, 7 }, { -2, 2 }, { -2, 5 } })).ToArray<double>());
        Assert.Equal([5.0, 0, 5, 0, 5, 0, 5, 0, 5, 0, 5, 0], Ops.Fft(Of([5, 0, 0, 0, 0, 0])).ToArray<double>());
        Assert.Equal([0, 2], Ops.Fft(Tensor.Zeros([0, 2])).Shape.Lengths.ToArray());
    }

    [Fact]
    public void EnergyAndShiftsAreKept()
    {
        foreach (int n in (int[])[30, 64, 77, 101])
        {
            Complex[] x = Random(n, 3);
            Complex[] y = Read(Ops.Fft(Of(x), norm: FourierNorm.Ortho));
            Assert.Equal(x.Sum(v => v.Magnitude * v.Magnitude), y.Sum(v => v.Magnitude * v.Magnitude), 1e-12);
            Complex[] shifted = [.. x[5..], .. x[..5]];
            Close([.. y.Select((v, k) => v * Complex.FromPolarCoordinates(1, 2 * Math.PI * 5 * k / n))], Ops.Fft(Of(shifted), norm: FourierNorm.Ortho), 1e-14);
        }
    }

    [Fact]
    public void ErrorsGrowWithTheLogarithmOfTheLength()
    {
        const int n = 1 << 16;
        Complex[] x = Random(n, 4);
        Tensor exact = Ops.Fft(Of(x)), single = Ops.Fft(Of(x).Cast(DType.F32)).Cast(DType.F64);
        Close(Read(exact), single, 3e-7);
        // A wave has one line in its spectrum.
        Complex[] wave = [.. Enumerable.Range(0, n).Select(j => { (double c, double s) = UnitRoots.At(12345L * j, n); return new Complex(c, s); })];
        Complex[] line = new Complex[n];
        line[12345] = n;
        Close(line, Ops.Fft(Of(wave)), 2e-15);
        Close(x, Ops.Ifft(exact), 2e-15);
    }

    [Fact]
    public void LinesHaveTheSameBitsAloneAndInBatchesOfAnyLayout()
    {
        foreach (int n in (int[])[1, 8, 12, 35, 64, 74, 1000])
        {
            Tensor batch = Of(Random(37 * n, 5)).Reshape(37, n, 2);
            foreach (DType type in (DType[])[DType.F64, DType.F32])
            {
                Tensor x = batch.Cast(type), all = Ops.Fft(x), half = Ops.Rfft(x[.., .., 0]), back = Ops.Irfft(half, n);
                for (int i = 0; i < 37; i += 9)
                {
                    Assert.Equal(Bits(Ops.Fft(x[i])), Bits(all[i]));
                    Assert.Equal(Bits(Ops.Rfft(x[i, .., 0])), Bits(half[i]));
                    Assert.Equal(Bits(Ops.Irfft(half[i], n)), Bits(back[i]));
                }
                Tensor turned = Ops.Transpose(x[.., .., 0] * 1);
                Assert.Equal(Bits(half), Bits(Ops.MoveAxis(Ops.Rfft(turned, 0), 1, 0)));
                Tensor planes = Ops.Stack([x[.., .., 0], x[.., .., 1]], 0);
                Assert.Equal(Bits(all), Bits(Ops.Fft(planes.Permute(1, 2, 0))));
                Assert.Equal(Bits(Ops.Fft(Ops.Flip(x, 1) + 0)), Bits(Ops.Fft(Ops.Flip(x, 1))));
            }
        }
    }

    [Fact]
    public void ThreadsChangeNoBit()
    {
        foreach (int n in (int[])[256, 331])
        {
            float[] values = [.. Random(100 * n, 6).SelectMany(v => (float[])[(float)v.Real, (float)v.Imaginary])];
            float[][] results = [.. ((int[])[1, 2, 3]).Select(t => Ops.Fft(Tensor.Of(values, [100, n, 2], new CpuDevice(t))).ToArray<float>())];
            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[0], results[2]);
        }
    }

    /// <summary>Vectors of a transform hold independent lines or places; one number at a time gives the same bits.</summary>
    [Fact]
    public unsafe void VectorsAndNumbersAgree()
    {
        foreach (int radix in (int[])[2, 3, 4, 5, 7, 11, 13])
        {
            var stage = new FourierStage<float>(radix, 3);
            const int s = 21;
            var random = new Random(radix);
            float[] x = [.. Enumerable.Range(0, 2 * radix * 3 * s).Select(_ => (float)random.NextDouble() - 0.5f)], a = new float[x.Length], b = new float[x.Length];
            int plane = x.Length / 2, vectors = s - (s % Vector<float>.Count);
            fixed (float* input = x, first = a, second = b, w = stage.Twiddles)
            {
                FourierPasses<float, Vector<float>, FourierVector<float>>.Run(stage, input, input + plane, first, first + plane, w, s, 0, vectors);
                FourierPasses<float, float, FourierScalar<float>>.Run(stage, input, input + plane, first, first + plane, w, s, vectors, s);
                FourierPasses<float, float, FourierScalar<float>>.Run(stage, input, input + plane, second, second + plane, w, s, 0, s);
            }
            Assert.Equal(b, a);
        }
    }

    [Fact]
    public void MistakesAreNamed()
    {
        Tensor x = Tensor.Zeros([3, 4]), z = Tensor.Zeros([5, 2]);
        Assert.Equal("fft: complex numbers are a last axis of length 2, got [3, 4]. Make one: ComplexOps.FromParts(real, imaginary).", Assert.Throws<ShapeException>(() => Ops.Fft(x)).Message);
        Assert.Equal("fft: axis 1 is out of range for [5] of rank 1. Use -1 to 0.", Assert.Throws<ShapeException>(() => Ops.Fft(z, 1)).Message);
        Assert.Equal("irfft: length 7 has 4 elements in its half spectrum, got 5 along axis 0 of [5, 2]. The length is 8 or 9.", Assert.Throws<ShapeException>(() => Ops.Irfft(z, 7)).Message);
        Assert.Equal("rfft: axis 0 of [0] is empty; needs at least 1 element.", Assert.Throws<ShapeException>(() => Ops.Rfft(Tensor.Zeros([0]))).Message);
        Assert.Equal("fft: takes a floating type, got i32. Cast first: x.Cast(DType.F32).", Assert.Throws<DTypeException>(() => Ops.Fft(z.Cast(DType.I32))).Message);
    }

    private static Complex[] Definition(Complex[] x, int sign)
    {
        int n = x.Length;
        Complex[] roots = [.. Enumerable.Range(0, n).Select(k => { (double c, double s) = UnitRoots.At(k, n); return new Complex(c, sign * s); })], y = new Complex[n];
        for (int k = 0; k < n; k++)
            for (int j = 0; j < n; j++) y[k] += x[j] * roots[(long)j * k % n];
        return y;
    }

    private static Complex[] Random(int n, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, n).Select(_ => new Complex((2 * random.NextDouble()) - 1, (2 * random.NextDouble()) - 1))];
    }

    private static Tensor Of(Complex[] x) => Tensor.Of(x.SelectMany(v => (double[])[v.Real, v.Imaginary]).ToArray(), [x.Length, 2]);

    private static Complex[] Read(Tensor x) => [.. x.ToArray<double>().Chunk(2).Select(v => new Complex(v[0], v[1]))];

    private static byte[] Bits(Tensor x) => x.DType == DType.F32
        ? [.. x.ToArray<float>().SelectMany(BitConverter.GetBytes)]
        : [.. x.ToArray<double>().SelectMany(BitConverter.GetBytes)];

    /// <summary>The root mean square of the error, relative to that of the values.</summary>
    private static void Close(Complex[] expected, Tensor actual, double tolerance)
    {
        Complex[] values = Read(actual);
        Assert.Equal(expected.Length, values.Length);
        double error = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow((expected[i] - values[i]).Magnitude, 2);
            size += Math.Pow(expected[i].Magnitude, 2);
        }
        Assert.True(Math.Sqrt(error) <= tolerance * Math.Sqrt(size), $"The error is {Math.Sqrt(error / size):E2} of {expected.Length} values.");
    }
}
