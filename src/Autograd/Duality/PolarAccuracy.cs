namespace Engine.Autograd.Duality;

/// <summary>
/// How close <see cref="Polar.Factor"/> comes to the polar factor. With s the Schatten-4 norm of a matrix (the fourth root of the sum of fourth powers of its singular values, between the
/// greatest singular value and n^(1/4) times that), r a singular value relative to s and u the unit of rounding of the element type (f16 and bf16 are computed in f32):
/// singular vectors stay, and singular values come to at most 1 (in exact arithmetic, by 2e-14 more for <see cref="High"/>) and to at least 1 less <see cref="Polar.WorstError"/> at r, plus and minus what rounding does.
/// </summary>
public enum PolarAccuracy : byte
{
    /// <summary>
    /// Two steps of weighted Halley iteration: singular values within 0.038 of 1 where r is at least 1e-3. Rounding: at most 16 u max(16000, 1 / r) sqrt(n) in the spectral norm. About the price
    /// of two quintic steps for square matrices; differentiable through its steps, as are the next two.
    /// </summary>
    Fast,

    /// <summary>Three steps: within 8.4e-7 where r is at least 1e-3. Rounding as in <see cref="Fast"/>: in f32 some 1e-4.</summary>
    Default,

    /// <summary>Nine quintic steps: within 5e-13 where r is at least 1e-4, which holds up to condition 1e3. Rounding: at most 16 u sqrt(n) / r in the spectral norm, and a few u
    /// in orthogonality. First derivatives are those of the factor to 1e-8 there; second ones are not, because the polynomials come to 1 in short waves: take <see cref="Exact"/>.</summary>
    High,

    /// <summary>
    /// Singular values are 1, or 0 where they are at most max(m, n) units of rounding of the greatest: then the result is the partial isometry U V^T of the others. Through the singular
    /// value decomposition; derivatives are those of the exact factor.
    /// </summary>
    Exact,
}
