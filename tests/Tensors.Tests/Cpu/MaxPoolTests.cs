using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Max pooling and its gradient against loops that take the windows one by one, in order.</summary>
public sealed class MaxPoolTests
{
    private static readonly (int[] Lead, SlidingWindow Window)[] Cases =
    [
        ([2, 3], new([4, 4], [2, 2], [2, 2], [1, 1])), ([3], new([5, 7], [2, 2], [2, 2], [1, 1])), ([], new([28, 28], [2, 2], [2, 2], [1, 1])),
        ([2], new([9, 19], [3, 3], [2, 2], [1, 1])), ([1, 5], new([6, 40], [3, 2], [1, 1], [1, 1])), ([2], new([7, 23], [1, 3], [3, 3], [1, 1])),
        ([4], new([11, 37], [2, 3], [1, 2], [2, 3])), ([2], new([3, 50], [3, 5], [2, 4], [1, 2])), ([7], new([1, 1], [1, 1], [1, 1], [1, 1])),
        ([0, 2], new([4, 4], [2, 2], [2, 2], [1, 1])), ([33], new([2, 35], [2, 1], [5, 2], [1, 1])),
    ];

    [Theory]
    [InlineData(DType.F32, 1)]
    [InlineData(DType.F32, 2)]
    [InlineData(DType.F32, 3)]
    [InlineData(DType.F64, 1)]
    [InlineData(DType.F64, 3)]
    public void EqualsLoopsOverWindows(DType type, int threads)
    {
        var device = new CpuDevice(threads);
        foreach ((int[] lead, SlidingWindow window) in Cases)
        {
            int[] shape = [.. lead, .. window.Lengths.Lengths], results = [.. lead, .. window.Positions.Lengths];
            foreach (Tensor x in Operands(type, shape))
            {
                string what = $"{window} over {x.Layout}";
                double[] values = Values(x), greatest = Greatest(values, shape, results, window);
                ulong[] expected = Bits(greatest, type);
                Views.AssertSame(expected, KernelOp.Run(device, new MaxPoolKernel(window), type, results, x), type, what);
                Tensor y = Of(greatest, type, results);
                foreach (Tensor cotangent in Operands(type, results))
                {
                    ulong[] gradient = Bits(Gradient(values, greatest, Values(cotangent), shape, results, window, type), type);
                    Views.AssertSame(gradient, KernelOp.Run(device, new MaxPoolGradientKernel(window), type, shape, x, y, cotangent), type, $"gradient {cotangent.Layout}, {what}");
                }
            }
        }
    }

    /// <summary>Numbers with many ties, in several layouts, then some with NaN, infinities and zeros of both signs.</summary>
    private static IEnumerable<Tensor> Operands(DType type, int[] shape)
    {
        var random = new Random(1);
        int count = Numbers.Count(shape);
        Tensor few = Of([.. Enumerable.Range(0, count).Select(_ => random.Next(4) - 1.75)], type, shape);
        yield return few;
        yield return Ops.Flip(Of(Values(few), type, shape), [shape.Length - 1]);
        yield return Of(Values(few), type, [.. shape[..^2], shape[^1], shape[^2]]).T;
        double[] special = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, 1, -1];
        yield return Of([.. Enumerable.Range(0, count).Select(i => random.Next(3) == 0 ? special[random.Next(special.Length)] : i % 7)], type, shape);
    }

    private static double[] Greatest(double[] x, int[] shape, int[] results, SlidingWindow window) =>
        [.. Enumerable.Range(0, Numbers.Count(results)).Select(i => Seen(i, shape, results, window).Select(at => x[at]).Aggregate(Math.Max))];

    private static double[] Gradient(double[] x, double[] greatest, double[] cotangent, int[] shape, int[] results, SlidingWindow window, DType type)
    {
        double rounded(double value) => type == DType.F32 ? (float)value : value;
        double[] sums = new double[x.Length];
        for (int i = 0; i < greatest.Length; i++)
        {
            int[] seen = [.. Seen(i, shape, results, window)];
            int count = seen.Count(at => x[at] == greatest[i]);
            foreach (int at in seen)
                sums[at] = rounded(sums[at] + rounded(cotangent[i] * rounded((x[at] == greatest[i] ? 1.0 : 0.0) / count)));
        }
        return sums;
    }

    /// <summary>The places that a window sees, row by row.</summary>
    private static IEnumerable<int> Seen(int position, int[] shape, int[] results, SlidingWindow window)
    {
        for (int k = 0; k < window.Size.Count; k++)
        {
            int[] at = Numbers.At(position, results), element = Numbers.At(k, window.Size.Lengths);
            for (int axis = 0; axis < 2; axis++) at[^(2 - axis)] = (at[^(2 - axis)] * window.Stride[axis]) + (element[axis] * window.Dilation[axis]);
            yield return Numbers.Index(at, shape);
        }
    }

    private static Tensor Of(double[] values, DType type, int[] shape) => Tensor.Of(values).Cast(type).Reshape(shape);

    private static double[] Values(Tensor x) => x.Cast(DType.F64).ToArray<double>();

    private static ulong[] Bits(double[] values, DType type) => [.. values.Select(v => type == DType.F32 ? Numbers.Bits((float)v) : Numbers.Bits(v))];
}
