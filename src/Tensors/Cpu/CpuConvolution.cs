using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>Chooses the kernel of a convolution pass: element type and vector width, as for matrix products.</summary>
internal static class CpuConvolution
{
    public static CpuKernel Prepare(ConvolutionKernel kernel, ReadOnlySpan<Operand> inputs, Operand output, ProductEpilogue? epilogue = null)
    {
        if (output.DType == DType.F64)
        {
            return SimdWidth.Gemm switch
            {
                512 => Make<double, Vector512<double>, F64x8>(kernel, inputs, output, epilogue),
                256 => Make<double, Vector256<double>, F64x4>(kernel, inputs, output, epilogue),
                _ => Make<double, Vector128<double>, F64x2>(kernel, inputs, output, epilogue),
            };
        }
        return SimdWidth.Gemm switch
        {
            512 => Make<float, Vector512<float>, F32x16>(kernel, inputs, output, epilogue),
            256 => Make<float, Vector256<float>, F32x8>(kernel, inputs, output, epilogue),
            _ => Make<float, Vector128<float>, F32x4>(kernel, inputs, output, epilogue),
        };
    }

    private static CpuKernel Make<T, TVector, TSimd>(ConvolutionKernel kernel, ReadOnlySpan<Operand> inputs, Operand output, ProductEpilogue? epilogue)
        where T : unmanaged where TVector : struct where TSimd : struct, ISimd<T, TVector>
    {
        if (kernel.Pass != ConvolutionPass.WeightGradient)
            return new CpuImageProduct<T, TVector, TSimd>(kernel.Pass, kernel.Window, inputs[0], inputs[1], output, epilogue);
        Shape weights = output.Layout.Shape;
        return CpuWeightLanes<T, TVector, TSimd>.Suits(weights[0] / kernel.Window.Groups, weights.Count / weights[0])
            ? new CpuWeightLanes<T, TVector, TSimd>(kernel.Window, inputs[0], inputs[1])
            : new CpuWeightGradient<T, TVector, TSimd>(kernel.Window, inputs[0], inputs[1]);
    }
}
