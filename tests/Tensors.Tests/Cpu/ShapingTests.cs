using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class ShapingTests
{
    private static readonly CpuDevice Device = new(2);

    [Theory, MemberData(nameof(TypeCases.All), MemberType = typeof(TypeCases))]
    public void PadSurroundsWithZeros(DType type)
    {
        foreach (int[] shape in Views.Shapes)
        {
            foreach (Tensor x in Views.Of(type, shape, new Random(1)))
            {
                foreach ((int before, int after, int between) in ((int, int, int)[])[(0, 0, 0), (1, 2, 0), (0, 1, 2), (2, 0, 1)])
                {
                    int[] b = [.. shape.Select((_, i) => i == 1 ? 0 : before)], a = [.. shape.Select(_ => after)], gap = [.. shape.Select((_, i) => i == 0 ? between : 0)];
                    var padding = new Padding(b, a, gap);
                    int[] result = padding.Apply(shape).Lengths.ToArray();
                    ulong[] bits = Views.Bits(x), expected = new ulong[Numbers.Count(result)];
                    for (int i = 0; i < bits.Length; i++)
                    {
                        int[] at = Numbers.At(i, shape);
                        expected[Numbers.Index([.. at.Select((c, axis) => b[axis] + (c * (gap[axis] + 1)))], result)] = bits[i];
                    }
                    Assert.Equal(expected, KernelOp.Run(Device, new PadKernel(padding), type, result, x));
                }
            }
        }
    }

    [Theory, MemberData(nameof(TypeCases.All), MemberType = typeof(TypeCases))]
    public void ConcatJoinsAlongEveryAxis(DType type)
    {
        foreach (int[] shape in Views.Shapes.Where(s => s.Length > 0))
        {
            for (int axis = 0; axis < shape.Length; axis++)
            {
                int[] longer = [.. shape];
                longer[axis] += 3;
                int[] result = [.. shape];
                result[axis] = (3 * shape[axis]) + 3;
                Tensor[] first = [.. Views.Of(type, shape, new Random(2))], second = [.. Views.Of(type, longer, new Random(3))];
                for (int v = 0; v < first.Length; v++)
                {
                    Tensor[] parts = [first[v], second[^(v + 1)], first[0]];
                    ulong[] expected = new ulong[Numbers.Count(result)];
                    int start = 0;
                    foreach (Tensor part in parts)
                    {
                        ulong[] bits = Views.Bits(part);
                        for (int i = 0; i < bits.Length; i++)
                        {
                            int[] at = Numbers.At(i, part.Shape.Lengths);
                            at[axis] += start;
                            expected[Numbers.Index(at, result)] = bits[i];
                        }
                        start += part.Shape[axis];
                    }
                    Assert.Equal(expected, KernelOp.Run(Device, new ConcatKernel(axis), type, result, parts));
                }
            }
        }
    }

    [Fact]
    public void ManyOperands()
    {
        Tensor[] parts = [.. Enumerable.Range(0, 3000).Select(i => Tensor.Of([i, -i]))];
        ulong[] joined = KernelOp.Run(Device, new ConcatKernel(0), DType.I32, [6000], parts);
        Assert.Equal(2999UL, joined[5998]);
        Assert.Equal(unchecked((uint)-2999), joined[5999]);
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F64), InlineData(DType.I32), InlineData(DType.I64), InlineData(DType.U8)]
    public void FoldAddsWindowsBack(DType type)
    {
        (int[] Lead, int[] Lengths, int[] Size, int[] Stride, int[] Dilation)[] cases =
        [
            ([], [7], [3], [1], [1]), ([2], [9], [3], [2], [1]), ([3], [5, 6], [2, 3], [1, 1], [1, 1]), ([2, 2], [8, 9], [3, 2], [2, 2], [1, 2]),
            ([1], [4, 5, 6], [2, 2, 2], [1, 2, 1], [2, 1, 1]), ([5], [40, 40], [2, 2], [2, 2], [1, 1]), ([0], [4], [2], [1], [1]), ([2], [30, 50], [3, 3], [1, 1], [1, 1]),
        ];
        foreach ((int[] lead, int[] lengths, int[] size, int[] stride, int[] dilation) in cases)
        {
            var window = new SlidingWindow(lengths, size, stride, dilation);
            int axes = size.Length;
            int[] shape = [.. lead, .. window.Positions.Lengths, .. size], result = [.. lead, .. lengths];
            foreach (Tensor x in Views.Of(type, shape, new Random(4)))
            {
                ulong[] bits = Views.Bits(x), expected = new ulong[Numbers.Count(result)];
                for (int i = 0; i < bits.Length; i++)
                {
                    int[] at = Numbers.At(i, shape), to = at[..result.Length];
                    for (int a = 0; a < axes; a++) to[lead.Length + a] = (at[lead.Length + a] * stride[a]) + (at[lead.Length + axes + a] * dilation[a]);
                    int place = Numbers.Index(to, result);
                    expected[place] = Numbers.Add(expected[place], bits[i], type);
                }
                Views.AssertSame(expected, KernelOp.Run(Device, new FoldKernel(window), type, result, x), type, $"fold of {x.Layout}");
            }
        }
    }
}
