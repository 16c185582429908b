using System.Numerics;
using System.Runtime.Intrinsics;

namespace Engine.Tensors.Cpu;

/// <summary>Closes the factorization kernels over element type and vector width.</summary>
internal static class CpuFactorizations
{
    public static CpuKernel Prepare(string name, Kernel kernel, ReadOnlySpan<Operand> inputs) => Prepare(SimdWidth.Gemm, name, kernel, inputs);

    /// <summary>The kernels of one width; the machine must have its instructions.</summary>
    internal static CpuKernel Prepare(int width, string name, Kernel kernel, ReadOnlySpan<Operand> inputs) => (inputs[0].DType, width) switch
    {
        (DType.F32, 512) => Close<float, Vector512<float>, F32x16>(name, kernel, inputs),
        (DType.F32, 256) => Close<float, Vector256<float>, F32x8>(name, kernel, inputs),
        (DType.F32, _) => Close<float, Vector128<float>, F32x4>(name, kernel, inputs),
        (DType.F64, 512) => Close<double, Vector512<double>, F64x8>(name, kernel, inputs),
        (DType.F64, 256) => Close<double, Vector256<double>, F64x4>(name, kernel, inputs),
        (DType.F64, _) => Close<double, Vector128<double>, F64x2>(name, kernel, inputs),
        _ => throw CpuTyped.Refused(name, inputs[0].DType),
    };

    private static CpuKernel Close<T, TVector, TSimd>(string name, Kernel kernel, ReadOnlySpan<Operand> inputs)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TVector : struct
        where TSimd : struct, ISimd<T, TVector> => kernel switch
        {
            CholeskyKernel => new CpuCholesky<T, TVector, TSimd>(name, inputs[0]),
            TriangularSolveKernel solve => new CpuTriangularSolve<T, TVector, TSimd>(name, solve, inputs[0], inputs[1]),
            LuKernel => new CpuLu<T, TVector, TSimd>(name, inputs[0]),
            LuSolveKernel solve => new CpuLuSolve<T, TVector, TSimd>(name, solve, inputs[1], inputs[2], inputs[3]),
            QrKernel => new CpuQr<T, TVector, TSimd>(name, inputs[0]),
            SymmetricEigenKernel => new CpuSymmetricEigen<T, TVector, TSimd>(name, inputs[0]),
            SvdKernel => new CpuSvd<T, TVector, TSimd>(name, inputs[0]),
            _ => throw new DeviceException($"{name}: the CPU does not know the kernel {kernel.GetType().Name}."),
        };
}

/// <summary>Estimated serial times of factorizations.</summary>
internal static class FactorCost
{
    // Multiply-adds per nanosecond of medium matrices, and what the smallest takes.
    private const double StepsPerNanosecond = 10;
    private const double LeastNanoseconds = 200;

    /// <summary>The time of rows * columns * depth * share multiply-adds; depth is the smaller of rows and columns when it is not given.</summary>
    public static double Of(Operand matrix, double share, int? depth = null)
    {
        Shape shape = matrix.Layout.Shape;
        return LeastNanoseconds + ((double)shape[^2] * shape[^1] * (depth ?? Math.Min(shape[^2], shape[^1])) * share / StepsPerNanosecond);
    }
}
