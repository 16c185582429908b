using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <summary>The one place that decides how wide the vectors of a kernel family are, in bits: 512, 256 or 128.</summary>
/// <remarks>The width never changes a result, only its speed. The properties are constants to the just-in-time compiler. See docs/decisions/0002-simd-width.md.</remarks>
internal static class SimdWidth
{
    /// <summary>Width for matrix products.</summary>
    /// <remarks>
    /// On some server cores the runtime reports <see cref="Vector512"/> as not accelerated because 512-bit instructions lower the clock, which hurts code that
    /// uses a few of them. A matrix product is nothing but fused multiply-adds and gains up to 1.8 times in spite of the lower clock, so it only asks that the
    /// instructions exist. The second condition keeps DOTNET_PreferredVectorBitWidth=128 able to turn the wide kernels off.
    /// </remarks>
    public static int Gemm => Avx512F.IsSupported && Vector256.IsHardwareAccelerated ? 512 : Elementwise;

    /// <summary>Width for element by element kernels and reductions: what the runtime prefers, because these wait for memory more than for arithmetic.</summary>
    public static int Elementwise => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
}
