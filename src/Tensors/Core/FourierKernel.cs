namespace Engine.Tensors;

/// <summary>What a Fourier transform takes and gives.</summary>
public enum FourierForm : byte
{
    /// <summary>[..., n, 2] to [..., n, 2].</summary>
    Complex,

    /// <summary>Real [..., n] to the half spectrum [..., n / 2 + 1, 2]; the other half is its conjugate.</summary>
    RealToHalf,

    /// <summary>A half spectrum [..., n / 2 + 1, 2] to real [..., n].</summary>
    HalfToReal,
}

/// <summary>
/// Discrete Fourier transforms of lines, f32 or f64; complex numbers are a last axis of 2. Forward: y[k] = scale * sum of x[j] e^(-2 pi i j k / n), backward with +. The
/// real forms have one direction each: RealToHalf is forward, HalfToReal gives x[j] = scale * sum over k of w[k] Re(y[k] e^(2 pi i j k / n)). They are
/// transposes of each other for equal weights.
/// </summary>
/// <remarks>
/// The order of arithmetic is a function of n alone: passes over the factors of n (4 first, then 2, 3, 5, 7, 11, 13), each a decimation in frequency; lengths with other
/// factors as a convolution with a chirp at the next power of two from 2n - 1 (Bluestein). A line has the same bits alone and in a batch.
/// </remarks>
/// <param name="Form">Operand and result.</param>
/// <param name="Length">n.</param>
/// <param name="Backward">The direction of <see cref="FourierForm.Complex"/>.</param>
/// <param name="Weighted">Real forms: w[k] is 2 where k stands for two frequencies of the whole spectrum, n - k being the other; else 1 throughout. RealToHalf multiplies y[k] by it.</param>
/// <param name="Scale">A factor of the result.</param>
public sealed record FourierKernel(FourierForm Form, int Length, bool Backward, bool Weighted, double Scale) : Kernel;
