using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class IndexingTests
{
    private static readonly CpuDevice Device = new(2);

    // Shape of x, batch axes, axis, shape of the indices.
    private static readonly (int[] X, int Batch, int Axis, int[] Indices)[] Cases =
    [
        ([5], 0, 0, []), ([5], 0, 0, [3]), ([5, 4], 0, 0, [2, 3]), ([5, 4], 0, 1, [7]), ([2, 5, 3], 0, 1, [4]), ([2, 5, 3], 1, 1, [2, 4]),
        ([2, 3, 5], 1, 2, [2, 4]), ([2, 3, 5, 2], 2, 2, [2, 3, 4, 1]), ([3, 4], 1, 1, [3]), ([6, 0], 0, 0, [3]), ([4, 3], 0, 0, [0]), ([50, 40], 0, 0, [300]), ([700], 0, 0, [900]),
    ];

    [Theory, MemberData(nameof(TypeCases.All), MemberType = typeof(TypeCases))]
    public void GatherPicksSlices(DType type)
    {
        var random = new Random(5);
        foreach ((int[] shape, int batch, int axis, int[] indexShape) in Cases)
        {
            foreach (Tensor x in Views.Of(type, shape, random))
            {
                foreach (Tensor indices in Indices(indexShape, shape[axis], random))
                {
                    int[] result = [.. shape[..axis], .. indexShape[batch..], .. shape[(axis + 1)..]];
                    ulong[] bits = Views.Bits(x), chosen = Views.Bits(indices), expected = new ulong[Numbers.Count(result)];
                    for (int i = 0; i < expected.Length; i++)
                    {
                        int[] at = Numbers.At(i, result);
                        int[] which = [.. at[..batch], .. at[axis..(axis + indexShape.Length - batch)]];
                        int[] from = [.. at[..axis], (int)chosen[Numbers.Index(which, indexShape)], .. at[(axis + indexShape.Length - batch)..]];
                        expected[i] = bits[Numbers.Index(from, shape)];
                    }
                    Views.AssertSame(expected, KernelOp.Run(Device, new GatherKernel(axis, batch), type, result, x, indices), type, $"gather from {x.Layout} by {indices.Layout}");
                }
            }
        }
    }

    [Theory, InlineData(DType.F32, 1), InlineData(DType.F32, 8), InlineData(DType.F64, 3), InlineData(DType.I32, 2), InlineData(DType.I64, 4), InlineData(DType.U8, 2)]
    public void ScatterAddAddsInIndexOrder(DType type, int threads)
    {
        var device = new CpuDevice(threads);
        var random = new Random(6);
        foreach ((int[] result, int batch, int axis, int[] indexShape) in Cases)
        {
            int[] shape = [.. result[..axis], .. indexShape[batch..], .. result[(axis + 1)..]];
            foreach (Tensor updates in Views.Of(type, shape, random))
            {
                foreach (Tensor indices in Indices(indexShape, result[axis], random))
                {
                    ulong[] bits = Views.Bits(updates), chosen = Views.Bits(indices), expected = new ulong[Numbers.Count(result)];
                    for (int i = 0; i < bits.Length; i++)
                    {
                        int[] at = Numbers.At(i, shape);
                        int[] which = [.. at[..batch], .. at[axis..(axis + indexShape.Length - batch)]];
                        int[] to = [.. at[..axis], (int)chosen[Numbers.Index(which, indexShape)], .. at[(axis + indexShape.Length - batch)..]];
                        int place = Numbers.Index(to, result);
                        expected[place] = Numbers.Add(expected[place], bits[i], type);
                    }
                    ulong[] actual = KernelOp.Run(device, new ScatterAddKernel(axis, batch, result[axis]), type, result, updates, indices);
                    Views.AssertSame(expected, actual, type, $"scatter of {updates.Layout} by {indices.Layout}");
                }
            }
        }
    }

    [Fact]
    public void IndicesOutOfRangeAreNamed()
    {
        Tensor x = Tensor.Of([1f, 2, 3, 4, 5]), bad = Tensor.Of([0L, 7]), negative = Tensor.Of([-1, 0]);
        Assert.Equal("take: index 7 is out of range for axis 0 of length 5. Use 0 to 4.", Error(new GatherKernel(0, 0), x, bad));
        Assert.Equal("take: index -1 is out of range for axis 0 of length 5. Use 0 to 4.", Error(new GatherKernel(0, 0), x, negative));
        Assert.Equal("take: index 7 is out of range for axis 0 of length 6. Use 0 to 5.", Error(new ScatterAddKernel(0, 0, 6), Tensor.Of([1f, 2]), bad));

        static string Error(Kernel kernel, Tensor x, Tensor indices) => Assert.Throws<ShapeException>(
            () => Device.Run(new KernelOp(kernel, "take"), [x, indices], [Views.Output(Device, DType.F32, kernel is GatherKernel ? 2 : 6)])).Message;
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F64), InlineData(DType.I32), InlineData(DType.I64), InlineData(DType.U8), InlineData(DType.Bool)]
    public void RunningSums(DType type)
    {
        DType sumType = type.IsFloating() ? type : DType.I64;
        foreach (int[] shape in (int[][])[.. Views.Shapes.Where(s => s.Length > 0), [3, 40, 600], [900, 7]])
        {
            foreach (Tensor x in Views.Of(type, shape, new Random(7)))
            {
                for (int axis = 0; axis < shape.Length; axis++)
                {
                    foreach (bool reverse in (bool[])[false, true])
                    {
                        ulong[] bits = Views.Bits(x), expected = new ulong[bits.Length];
                        for (int i = 0; i < bits.Length; i++)
                        {
                            int[] at = Numbers.At(i, shape);
                            if (at[axis] != 0) continue;
                            ulong sum = 0;
                            for (int j = 0; j < shape[axis]; j++)
                            {
                                at[axis] = reverse ? shape[axis] - 1 - j : j;
                                ulong element = bits[Numbers.Index(at, shape)];
                                sum = Numbers.Add(sum, type.IsFloating() ? element : (ulong)Numbers.Integer(element, type), sumType);
                                expected[Numbers.Index(at, shape)] = sum;
                            }
                        }
                        Views.AssertSame(expected, KernelOp.Run(Device, new ScanKernel(axis, reverse), sumType, shape, x), sumType, $"scan along {axis} of {x.Layout}");
                    }
                }
            }
        }
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F64), InlineData(DType.I32), InlineData(DType.I64), InlineData(DType.U8)]
    public void StableOrder(DType type)
    {
        foreach (int[] shape in (int[][])[.. Views.Shapes.Where(s => s.Length > 0), [5000], [3, 400, 2]])
        {
            foreach (Tensor x in Views.Of(type, shape, new Random(8)))
            {
                ulong[] bits = Views.Bits(x);
                for (int axis = 0; axis < shape.Length; axis++)
                {
                    ulong[] expected = new ulong[bits.Length];
                    for (int i = 0; i < bits.Length; i++)
                    {
                        int[] at = Numbers.At(i, shape);
                        if (at[axis] != 0) continue;
                        ulong element(int j)
                        {
                            at[axis] = j;
                            return bits[Numbers.Index(at, shape)];
                        }
                        int[] order = [.. Enumerable.Range(0, shape[axis]).OrderBy(element, Comparer<ulong>.Create((a, b) => Compare(a, b, type)))];
                        for (int j = 0; j < order.Length; j++)
                        {
                            at[axis] = j;
                            expected[Numbers.Index(at, shape)] = (ulong)order[j];
                        }
                    }
                    Views.AssertSame(expected, KernelOp.Run(Device, new SortKernel(axis), DType.I64, shape, x), DType.I64, $"sort along {axis} of {x.Layout}");
                }
            }
        }
    }

    private static int Compare(ulong a, ulong b, DType type)
    {
        if (!type.IsFloating()) return Numbers.Integer(a, type).CompareTo(Numbers.Integer(b, type));
        double x = type == DType.F32 ? Numbers.F32(a) : Numbers.F64(a), y = type == DType.F32 ? Numbers.F32(b) : Numbers.F64(b);
        if (double.IsNaN(x) || double.IsNaN(y)) return double.IsNaN(x).CompareTo(double.IsNaN(y));
        return x < y ? -1 : x > y ? 1 : 0;
    }

    private static IEnumerable<Tensor> Indices(int[] shape, int length, Random random)
    {
        foreach (DType type in (DType[])[DType.I64, DType.I32])
        {
            foreach (Tensor view in Views.Of(type, shape, random))
            {
                Array data = ((HostStorage)view.Storage).Data;
                for (int i = 0; i < data.Length; i++)
                {
                    if (data is long[] wide) wide[i] = random.Next(length);
                    else ((int[])data)[i] = random.Next(length);
                }
                yield return view;
            }
        }
    }
}
