namespace Engine.Tensors;

/// <summary>Where the factor 1 / n of a pair of Fourier transforms goes.</summary>
public enum FourierNorm : byte
{
    /// <summary>To the inverse.</summary>
    Backward,

    /// <summary>1 / sqrt(n) to both, which makes them unitary.</summary>
    Ortho,

    /// <summary>To the forward transform.</summary>
    Forward,
}

public static partial class Ops
{
    /// <summary>
    /// Discrete Fourier transform along an axis: y[k] = sum of x[j] e^(-2 pi i j k / n). Complex numbers are a last axis of 2, [..., 2] to [..., 2]; any length; floating
    /// types.
    /// </summary>
    /// <param name="x">A tensor whose last axis holds real and imaginary parts.</param>
    /// <param name="axis">The axis, counted without the last one: -1 is the axis before it.</param>
    /// <param name="norm">Where the factor 1 / n goes; not here by default.</param>
    /// <exception cref="ShapeException">The last axis is not of length 2, or there is no other.</exception>
    public static Tensor Fft(Tensor x, int axis = -1, FourierNorm norm = FourierNorm.Backward) => ComplexTransform("fft", x, axis, false, norm);

    /// <summary>The inverse of <see cref="Fft"/>: x[j] = 1/n times the sum of y[k] e^(2 pi i j k / n).</summary>
    /// <param name="x">A tensor whose last axis holds real and imaginary parts.</param>
    /// <param name="axis">The axis, counted without the last one: -1 is the axis before it.</param>
    /// <param name="norm">Where the factor 1 / n goes; here by default.</param>
    /// <exception cref="ShapeException">The last axis is not of length 2, or there is no other.</exception>
    public static Tensor Ifft(Tensor x, int axis = -1, FourierNorm norm = FourierNorm.Backward) => ComplexTransform("ifft", x, axis, true, norm);

    /// <summary>
    /// The first n / 2 + 1 elements of the Fourier transform of real numbers along an axis; the others are their conjugates. That axis becomes n / 2 + 1 long and a last
    /// axis of 2 holds real and imaginary parts. Floating types.
    /// </summary>
    /// <param name="x">A real tensor.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="norm">Where the factor 1 / n goes; not here by default.</param>
    /// <exception cref="ShapeException">The axis is empty.</exception>
    public static Tensor Rfft(Tensor x, int axis = -1, FourierNorm norm = FourierNorm.Backward)
    {
        int at = x.Shape.Normalize(axis, "rfft"), n = x.Shape[at];
        if (n == 0) throw new ShapeException($"rfft: axis {at} of {x.Shape} is empty; needs at least 1 element.");
        Tensor lines = MoveAxis(x, at, -1);
        Tensor y = new FourierOp("rfft", FourierForm.RealToHalf, n, false, false, ScaleOf(n, false, norm)).Apply(lines);
        return MoveAxis(y, -2, at);
    }

    /// <summary>
    /// The inverse of <see cref="Rfft"/>: n real numbers from the first n / 2 + 1 elements of their spectrum. The imaginary parts of element 0 and, for even n, of the last one
    /// do not count.
    /// </summary>
    /// <param name="x">A half spectrum whose last axis holds real and imaginary parts.</param>
    /// <param name="length">n; 2 (m - 1) for m elements when omitted.</param>
    /// <param name="axis">The axis, counted without the last one.</param>
    /// <param name="norm">Where the factor 1 / n goes; here by default.</param>
    /// <exception cref="ShapeException">The last axis is not of length 2, or the length does not belong to so many elements.</exception>
    public static Tensor Irfft(Tensor x, int? length = null, int axis = -1, FourierNorm norm = FourierNorm.Backward)
    {
        int at = ComplexAxis("irfft", x, axis), m = x.Shape[at], n = length ?? 2 * (m - 1);
        if (n < 1 || (n / 2) + 1 != m)
            throw new ShapeException($"irfft: length {n} has {Math.Max(n, 0) / 2 + 1} elements in its half spectrum, got {m} along axis {at} of {x.Shape}. The length is {Math.Max(1, 2 * (m - 1))} or {2 * m - 1}.");
        Tensor lines = MoveAxis(x, at, -2);
        Tensor y = new FourierOp("irfft", FourierForm.HalfToReal, n, true, true, ScaleOf(n, true, norm)).Apply(lines);
        return MoveAxis(y, -1, at);
    }

    /// <summary><see cref="Fft"/> along several axes, one after another; along all but the last when none is named.</summary>
    /// <param name="x">A tensor whose last axis holds real and imaginary parts.</param>
    /// <param name="axes">The axes, counted without the last one.</param>
    /// <param name="norm">Where the factor goes.</param>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor FftN(Tensor x, ReadOnlySpan<int> axes = default, FourierNorm norm = FourierNorm.Backward) => Several("fftN", x, axes, false, norm);

    /// <summary>The inverse of <see cref="FftN"/>.</summary>
    /// <param name="x">A tensor whose last axis holds real and imaginary parts.</param>
    /// <param name="axes">The axes, counted without the last one; all of them when none is named.</param>
    /// <param name="norm">Where the factor goes.</param>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor IfftN(Tensor x, ReadOnlySpan<int> axes = default, FourierNorm norm = FourierNorm.Backward) => Several("ifftN", x, axes, true, norm);

    private static Tensor Several(string name, Tensor x, ReadOnlySpan<int> axes, bool backward, FourierNorm norm)
    {
        RequireComplex(name, x);
        foreach (int axis in Axes.Of(axes, x.Shape[..^1], name).Values) x = ComplexTransform(name, x, axis, backward, norm);
        return x;
    }

    private static Tensor ComplexTransform(string name, Tensor x, int axis, bool backward, FourierNorm norm)
    {
        int at = ComplexAxis(name, x, axis), n = x.Shape[at];
        return MoveAxis(new FourierOp(name, FourierForm.Complex, n, backward, false, ScaleOf(n, backward, norm)).Apply(MoveAxis(x, at, -2)), -2, at);
    }

    private static double ScaleOf(int n, bool backward, FourierNorm norm) => norm switch
    {
        FourierNorm.Ortho => 1 / double.Sqrt(n),
        FourierNorm.Forward => backward ? 1 : 1.0 / n,
        _ => backward ? 1.0 / n : 1,
    };

    private static int ComplexAxis(string name, Tensor x, int axis)
    {
        RequireComplex(name, x);
        return x.Shape[..^1].Normalize(axis, name);
    }

    internal static void RequireComplex(string name, Tensor x)
    {
        if (x.Rank == 0 || x.Shape[^1] != 2)
            throw new ShapeException($"{name}: complex numbers are a last axis of length 2, got {x.Shape}. Make one: ComplexOps.FromParts(real, imaginary).");
    }
}

/// <summary>Fourier transforms of the last lines of a tensor; see <see cref="FourierKernel"/>. The transpose of each is another one.</summary>
internal sealed record FourierOp(string Op, FourierForm Form, int Length, bool Backward, bool Weighted, double Scale) : LinearPrimitive
{
    public override string Name => Op;

    public override TensorSpec Infer(TensorSpec input)
    {
        TypeRules.Require(Name, Accepts.Floating, input.DType);
        int half = (Length / 2) + 1;
        return Form switch
        {
            FourierForm.RealToHalf => input with { Shape = input.Shape[..^1].Concat([half, 2]) },
            FourierForm.HalfToReal => input with { Shape = input.Shape[..^2].Concat([Length]) },
            _ => input,
        };
    }

    public override Tensor Transpose(Tensor cotangent, TensorSpec input) => (Form switch
    {
        FourierForm.RealToHalf => this with { Form = FourierForm.HalfToReal, Backward = true },
        FourierForm.HalfToReal => this with { Form = FourierForm.RealToHalf, Backward = false },
        _ => this with { Backward = !Backward },
    }).Apply(cotangent);

    public override Tensor[] Vmap(Tensor[] inputs, bool[] batched, int size) => Bind(inputs);

    public override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) => new FourierKernel(Form, Length, Backward, Weighted, Scale);
}
