using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class ProductTests
{
    [Theory, InlineData(DType.F32, 1), InlineData(DType.F64, 1), InlineData(DType.F32, 3), InlineData(DType.F32, 8)]
    public void BatchedProductsOfEveryLayout(DType type, int threads)
    {
        var device = new CpuDevice(threads);
        (int[] Batch, int M, int K, int N)[] cases =
        [
            ([], 3, 4, 5), ([], 1, 40, 5), ([], 5, 40, 1), ([], 1, 70, 1), ([2], 3, 4, 5), ([2, 3], 4, 33, 6), ([3], 1, 20, 7), ([2, 2, 2], 2, 3, 2), ([], 0, 3, 2), ([0], 2, 2, 2),
            ([2], 3, 0, 4), ([], 40, 300, 60), ([70], 9, 20, 30),
        ];
        foreach ((int[] batch, int m, int k, int n) in cases)
        {
            int[] left = [.. batch, m, k], right = [.. batch, k, n], result = [.. batch, m, n];
            Tensor[] a = [.. Views.Of(type, left, new Random(1))], b = [.. Views.Of(type, right, new Random(2))];
            for (int i = 0; i < a.Length; i++)
            {
                for (int j = 0; j < b.Length; j++)
                {
                    ulong[] x = Views.Bits(a[i]), y = Views.Bits(b[j]), expected = new ulong[Numbers.Count(result)];
                    for (int e = 0; e < expected.Length; e++)
                    {
                        (int rest, int column) = Math.DivRem(e, n);
                        (int number, int row) = Math.DivRem(rest, m);
                        ulong[] lanes = new ulong[16];
                        int count = Math.Min(m, n) >= 2 ? 1 : 16;
                        for (int p = 0; p < k; p++)
                            lanes[p % count] = Numbers.MultiplyAdd(x[(((number * m) + row) * k) + p], y[(((number * k) + p) * n) + column], lanes[p % count], type);
                        for (int distance = count / 2; distance > 0; distance /= 2)
                            for (int l = 0; l < distance; l++) lanes[l] = Numbers.Add(lanes[l], lanes[l + distance], type);
                        expected[e] = lanes[0];
                    }
                    ulong[] actual = KernelOp.Run(device, new MatMulKernel(m, n), type, result, a[i], b[j]);
                    Views.AssertSame(expected, actual, type, $"{a[i].Layout} x {b[j].Layout}");
                }
            }
        }
    }

    [Fact]
    public void ASharedRightOperandJoinsRowsOfTheBatch()
    {
        Tensor a = Views.Contiguous(DType.F32, [4, 3, 20], new Random(1)), b = Views.View(DType.F32, [4, 20, 6], [0, 6, 1], 0, new Random(2));
        ulong[] whole = KernelOp.Run(new CpuDevice(1), new MatMulKernel(3, 6), DType.F32, [4, 3, 6], a, b);
        Tensor flat = new(a.Storage, Engine.Tensors.Layout.Contiguous([12, 20]), null), one = new(b.Storage, Engine.Tensors.Layout.Contiguous([20, 6]), null);
        Views.AssertSame(KernelOp.Run(new CpuDevice(1), new MatMulKernel(12, 6), DType.F32, [12, 6], flat, one), whole, DType.F32, "joined rows");
    }
}
