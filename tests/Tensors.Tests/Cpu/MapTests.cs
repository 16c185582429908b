using Engine.Tensors.Cpu;

namespace Engine.Tensors.Tests.Cpu;

public sealed class MapTests
{
    private static readonly CpuDevice Device = new(2);

    private static readonly DType[] Numbers = [.. Enum.GetValues<DType>().Where(t => t != DType.Bool)];

    public static TheoryData<ExprOp, DType> UnaryOps => Cases(
        ([ExprOp.Neg, ExprOp.Abs], Numbers),
        ([ExprOp.Sqrt, ExprOp.Floor, ExprOp.Ceiling, ExprOp.Truncate, ExprOp.RoundEven], [DType.F32, DType.F64, DType.F16, DType.BF16]),
        ([ExprOp.Floor, ExprOp.RoundEven], [DType.I32, DType.U8]));

    public static TheoryData<ExprOp, DType> BinaryOps => Cases(
        ([ExprOp.Add, ExprOp.Sub, ExprOp.Mul, ExprOp.Div, ExprOp.Min, ExprOp.Max], Numbers),
        ([ExprOp.Equal, ExprOp.Less, ExprOp.LessEqual], Enum.GetValues<DType>()),
        ([ExprOp.And, ExprOp.Or, ExprOp.Xor], [DType.I32, DType.I64, DType.U8, DType.Bool]),
        ([ExprOp.MulHigh], [DType.I32]));

    [Theory, MemberData(nameof(UnaryOps))]
    public void EveryUnaryOpOnEveryLayout(ExprOp op, DType type)
    {
        Expr x = Expr.Input(0, type);
        Expr body = op switch
        {
            ExprOp.Neg => -x,
            ExprOp.Abs => x.Abs(),
            ExprOp.Sqrt => x.Sqrt(),
            ExprOp.Floor => x.Floor(),
            ExprOp.Ceiling => x.Ceiling(),
            ExprOp.Truncate => x.Truncate(),
            _ => x.RoundEven(),
        };
        CheckEverywhere(body, [type]);
    }

    [Theory, MemberData(nameof(BinaryOps))]
    public void EveryBinaryOpOnEveryLayout(ExprOp op, DType type)
    {
        Expr a = Expr.Input(0, type), b = Expr.Input(1, type);
        CheckEverywhere(Binary(op, a, b), [type, type]);
        Expr constant = type == DType.Bool ? a.Like(1) : a.Like(3);
        Check(Binary(op, a, constant), Views.Contiguous(type, [1000], new Random(1)));
        Check(Binary(op, constant, a), Views.Contiguous(type, [1000], new Random(2)));
        Check(Binary(op, constant, constant) is var c && c.Type == DType.Bool ? c.Select(a, a) : c, Views.Contiguous(type, [40], new Random(2)));
    }

    [Theory, InlineData(DType.I32), InlineData(DType.I64), InlineData(DType.U8)]
    public void ShiftsMaskTheirCount(DType type)
    {
        Expr x = Expr.Input(0, type);
        foreach (int bits in (int[])[0, 1, 5, 7, 8, 31, 32, 40, 63, 64])
        {
            Check(x << bits, Views.Contiguous(type, [100], new Random(bits)));
            Check(x >> bits, Views.Contiguous(type, [100], new Random(bits)));
            Check(x >>> bits, Views.Contiguous(type, [100], new Random(bits)));
        }
    }

    [Theory, MemberData(nameof(TypeCases.Pairs), MemberType = typeof(TypeCases))]
    public void EveryCast(DType from, DType to) => CheckEverywhere(Expr.Input(0, from).Cast(to), [from]);

    [Theory, MemberData(nameof(TypeCases.All), MemberType = typeof(TypeCases))]
    public void SelectionsAndBitcasts(DType type)
    {
        Expr a = Expr.Input(0, type), b = Expr.Input(1, type), c = Expr.Input(2, DType.Bool);
        CheckEverywhere(c.Select(a, b), [type, type, DType.Bool]);
        Check(c.Select(a, type == DType.Bool ? b.Like(1) : b.Like(2)), [.. Inputs([700], [type, type, DType.Bool], 3)]);
        Check(a.EqualTo(b).Select(a, b), [.. Inputs([700], [type, type], 4)]);
        (DType same, bool has) = type switch
        {
            DType.F32 => (DType.I32, true),
            DType.I64 => (DType.F64, true),
            DType.F16 => (DType.BF16, true),
            _ => (type, false),
        };
        if (has) CheckEverywhere(a.Bitcast(same), [type]);
    }

    [Theory, InlineData(DType.F32), InlineData(DType.F64)]
    public void FusedMultiplyAddRoundsOnce(DType type)
    {
        Expr a = Expr.Input(0, type), b = Expr.Input(1, type), c = Expr.Input(2, type);
        CheckEverywhere(a.Fma(b, c), [type, type, type]);
        Check(a.Fma(b.Like(1.1), c), [.. Inputs([100], [type, type, type], 5)]);
        Check((a * b) + c, [.. Inputs([1000], [type, type, type], 6)]);
    }

    [Fact]
    public void LongProgramsReuseSlots()
    {
        Expr x = Expr.Input(0, DType.F32), y = Expr.Input(1, DType.F32), sum = x;
        for (int i = 1; i < 40; i++) sum = ((sum * y) + (x - i)).Max(y * x).Min(sum + 1e6);
        Expr wide = (sum.Cast(DType.F64) * 1.5).Cast(DType.F32) + (x < y).Select(sum, x * 0.25) + Expr.Coordinate(1).Cast(DType.F32);
        foreach (int[] shape in (int[][])[[3, 5], [40, 7], [2, 1500], [700, 3]])
        {
            foreach (Tensor a in Views.Of(DType.F32, shape, new Random(7)))
                foreach (Tensor b in Views.Of(DType.F32, shape, new Random(8))) Check(wide, a, b);
        }
    }

    [Fact]
    public void SharedSubexpressionsWithoutSharedNodesCompileInLinearTime()
    {
        Expr left = Expr.Input(0, DType.F32), right = Expr.Input(0, DType.F32);
        for (int i = 0; i < 60; i++) (left, right) = (left + left, right + right);
        Assert.Equal(60, TileProgram.Compile([left - right], [TileSource.InPlace]).Instructions.Length - 1);
    }

    [Fact]
    public void CoordinatesOfEveryAxis()
    {
        foreach (int[] shape in Views.Shapes)
        {
            for (int axis = 0; axis < shape.Length; axis++)
            {
                Check(Expr.Coordinate(axis) * 3, shape, DType.I64);
                Check(Expr.Coordinate(axis), shape, DType.I64);
            }
        }
        Check(Expr.Coordinate(0) + Expr.Coordinate(2), [50, 7, 90], DType.I64);
    }

    [Fact]
    public void ConstantBodies()
    {
        Check(Expr.Constant(2.5, DType.F32), [1000], DType.F32);
        Check(Expr.Constant(2.5, DType.F32).Sqrt() + 1, [3, 5], DType.F32);
        Check(Expr.Constant(1, DType.Bool), [], DType.Bool);
    }

    [Fact]
    public void SeveralBodiesGiveWhatEachGivesAlone()
    {
        Expr a = Expr.Input(0, DType.F32), b = Expr.Input(1, DType.F32), shared = (a * b).Exp();
        Expr[] bodies = [shared, shared + a, a < b, a, shared, b.Like(2), (shared - b).Cast(DType.F64), shared * shared];
        foreach (int[] shape in Views.Shapes)
        {
            foreach (Tensor x in Views.Of(DType.F32, shape, new Random(12)))
            {
                Tensor y = Views.Contiguous(DType.F32, shape, new Random(13));
                Tensor[] outputs = [.. bodies.Select(e => Views.Output(Device, e.Type, shape))];
                Device.Run(new KernelOp(new MapKernel([.. bodies])), [x, y], outputs);
                for (int i = 0; i < bodies.Length; i++)
                    Views.AssertSame(KernelOp.Run(Device, new MapKernel(bodies[i]), bodies[i].Type, shape, x, y), Views.Bits(outputs[i]), bodies[i].Type, $"body {i} over {x.Layout}");
            }
        }
    }

    [Theory, InlineData(1), InlineData(3), InlineData(4), InlineData(8)]
    public void ThreadsDoNotChangeResults(int threads)
    {
        var device = new CpuDevice(threads);
        Expr a = Expr.Input(0, DType.F32), b = Expr.Input(1, DType.F32);
        foreach (int[] shape in (int[][])[[100_003], [400, 301], [30_000, 3]])
        {
            foreach (Tensor x in Views.Of(DType.F32, shape, new Random(9)))
            {
                Tensor y = Views.Contiguous(DType.F32, shape, new Random(10));
                var kernel = new MapKernel((a * b) + a.Exp());
                Assert.Equal(KernelOp.Run(new CpuDevice(1), kernel, DType.F32, shape, x, y), KernelOp.Run(device, kernel, DType.F32, shape, x, y));
                var copy = new MapKernel(a);
                Assert.Equal(Views.Bits(x), KernelOp.Run(device, copy, DType.F32, shape, x));
            }
        }
    }

    [Theory, MemberData(nameof(TypeCases.All), MemberType = typeof(TypeCases))]
    public void CopiesOfEveryLayout(DType type)
    {
        foreach (int[] shape in (int[][])[.. Views.Shapes, [64, 64], [65, 130], [3, 70, 66], [70, 3, 66], [33, 20, 40, 3]])
        {
            foreach (Tensor x in Views.Of(type, shape, new Random(11)))
                Assert.Equal(Views.Bits(x), KernelOp.Run(Device, new MapKernel(Expr.Input(0, type)), type, shape, x));
        }
    }

    private static Expr Binary(ExprOp op, Expr a, Expr b) => op switch
    {
        ExprOp.Add => a + b,
        ExprOp.Sub => a - b,
        ExprOp.Mul => a * b,
        ExprOp.Div => a / b,
        ExprOp.Min => a.Min(b),
        ExprOp.Max => a.Max(b),
        ExprOp.Equal => a.EqualTo(b),
        ExprOp.Less => a < b,
        ExprOp.LessEqual => a <= b,
        ExprOp.And => a & b,
        ExprOp.Or => a | b,
        ExprOp.Xor => a ^ b,
        _ => a.MulHigh(b),
    };

    private static TheoryData<ExprOp, DType> Cases(params (ExprOp[] Ops, DType[] Types)[] groups)
    {
        var data = new TheoryData<ExprOp, DType>();
        foreach ((ExprOp[] ops, DType[] types) in groups)
            foreach (ExprOp op in ops)
                foreach (DType type in types) data.Add(op, type);
        return data;
    }

    private static IEnumerable<Tensor> Inputs(int[] shape, DType[] types, int seed) => types.Select((t, i) => Views.Contiguous(t, shape, new Random(seed + i)));

    /// <summary>Every shape, every layout of the first operand against a changing layout of the others.</summary>
    private static void CheckEverywhere(Expr body, DType[] types)
    {
        int seed = 0;
        foreach (int[] shape in Views.Shapes)
        {
            Tensor[][] views = [.. types.Select((t, i) => Views.Of(t, shape, new Random(seed + i)).ToArray())];
            for (int v = 0; v < views[0].Length; v++)
            {
                for (int shift = 0; shift < (types.Length == 1 ? 1 : views[0].Length); shift++)
                    Check(body, [.. views.Select((all, i) => all[(v + (i * shift)) % all.Length])]);
            }
            seed += 10;
        }
    }

    private static void Check(Expr body, params Tensor[] inputs) => Check(body, inputs[0].Shape.Lengths.ToArray(), body.Type, inputs);

    private static void Check(Expr body, int[] shape, DType type, params Tensor[] inputs)
    {
        ulong[][] bits = [.. inputs.Select(Views.Bits)];
        ulong[] expected = new ulong[((Shape)shape).Count];
        for (int i = 0; i < expected.Length; i++)
        {
            int at = i;
            expected[i] = ExprReference.Evaluate(body, n => bits[n][at], axis => at / ((Shape)shape)[(axis + 1)..].Count % shape[axis]);
        }
        ulong[] actual = KernelOp.Run(Device, new MapKernel(body), type, shape, inputs);
        Views.AssertSame(expected, actual, type, $"{body.Op} of {string.Join(", ", body.Arguments.ToArray().Select(a => a.Op))} over {string.Join(", ", inputs.Select(x => x.Layout))}");
    }
}
