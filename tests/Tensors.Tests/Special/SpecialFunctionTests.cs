using Engine.Tensors.Cpu;
using Engine.Tensors.Reference;
using Engine.Tensors.Tests.Cpu;

namespace Engine.Tensors.Tests.Special;

/// <summary>Special functions against mpmath (30 digits), at special values and in emitted loops.</summary>
public sealed class SpecialFunctionTests
{
    private const double NaN = double.NaN, Inf = double.PositiveInfinity;

    public static TheoryData<string> Names => [.. Golden.Keys];

    private static readonly double[] BesselPlaces = [0.0, 1e-08, 0.5, -1.5, 3.0, 9.99, 10.01, -25.0, 100.0, 700.0];

    private static readonly double[] GammaPlaces = [-2.5, -0.3, 1e-05, 0.1, 0.5, 1.0, 1.4616321449683622, 2.0, 3.7, 10.5, 170.0, 1000000.0];

    private static readonly double[] PolygammaPlaces = [-1.7, -0.25, 0.1, 0.5, 1.0, 2.5, 7.0, 30.0, 1000.0];

    private static readonly Dictionary<string, (Func<Tensor, Tensor> Function, double[] X, double[] Y)> Golden = new()
    {
        ["logGamma"] = (Ops.LogGamma, GammaPlaces,
        [
            -0.056243716497674054, 1.4648400508576025, 11.512919692895826, 2.252712651734206, 0.5723649429247001, 0.0, -0.12148629053584961, 0.0, 1.428072326665388,
            13.940625219403763, 701.437263808737, 12815504.569147611,
        ]),
        ["digamma"] = (Ops.Digamma, GammaPlaces,
        [
            1.103156640645243, 2.113309779635399, -100000.57719921567, -10.423754940411076, -1.9635100260214235, -0.5772156649015329, -9.241265521729427e-17,
            0.42278433509846713, 1.1671535393615113, 2.3030010342976865, 5.132854377083307, 13.815510057964191,
        ]),
        ["trigamma"] = (x => Ops.Polygamma(1, x), PolygammaPlaces,
        [
            14.632201633884014, 18.541879647671607, 101.43329915079275, 4.934802200544679, 1.6449340668482264, 0.49035775610023485, 0.15354517795933756,
            0.033895060357739946, 0.0010005001666666333,
        ]),
        ["polygamma 2"] = (x => Ops.Polygamma(2, x), PolygammaPlaces,
        [
            -69.0345495501142, 122.69736678366236, -2001.8614573783436, -16.82879664423432, -2.4041138063191885, -0.2362040516417274, -0.023530472985855238,
            -0.0011487652037286, -1.0010004999998333e-06,
        ]),
        ["polygamma 3"] = (x => Ops.Polygamma(3, x), PolygammaPlaces,
        [
            768.8497345301308, 1555.7633125348507, 60004.51287679026, 97.40909103400244, 6.493939402266829, 0.22390584881725206, 0.007198198563125445,
            7.78600366473613e-05, 2.003001999999e-09,
        ]),
        ["polygamma 5"] = (x => Ops.Polygamma(5, x), PolygammaPlaces,
        [
            165659.80077263742, 492198.7533428746, 120000069.30751093, 7691.113548602436, 122.0811674381339, 0.5785691785671835, 0.0020094931750490293,
            1.0726994936161623e-06, 2.4060059999944e-14,
        ]),
        ["i0"] = (Ops.BesselI0, BesselPlaces,
        [
            1.0, 1.0, 1.0634833707413236, 1.646723189772891, 4.8807925858650245, 2789.1337701570114, 2842.554350513617, 5774560606.4663105, 1.0737517071310738e+42,
            1.5295933476718737e+302,
        ]),
        ["i1"] = (Ops.BesselI1, BesselPlaces,
        [
            0.0, 5e-09, 0.2578943053908963, -0.9816664285779075, 3.9533702174026093, 2645.6238768228245, 2696.5970161099135, -5657865129.878701,
            1.0683693903381625e+42, 1.5285003902339006e+302,
        ]),
        ["i0e"] = (Ops.BesselI0e, [.. BesselPlaces, 1e5],
        [
            1.0, 0.9999999900000001, 0.6450352704491501, 0.36743360905415834, 0.2430003541618254, 0.12789909451707868, 0.12776768131419955, 0.0801967735474367,
            0.03994437929909668, 0.015081295651531358, 0.0012615678379767768,
        ]),
        ["i1e"] = (Ops.BesselI1e, [.. BesselPlaces, 1e5],
        [
            0.0, 4.99999995e-09, 0.1564208031848717, -0.21903938742092569, 0.19682671329730086, 0.12131827519314504, 0.12120716289027114, -0.07857611331929278,
            0.03974415302513025, 0.015070519444716848, 0.0012615615301218171,
        ]),
        ["erfInv"] = (Ops.ErfInv, [-0.999999, -0.5, 1e-12, 0.1, 0.3, 0.7, 0.95, 0.99999999, 0.9999999999999999, 0.9999990463256836],
        [
            -3.458910737275499, -0.4769362762044699, 8.86226925452758e-13, 0.08885599049425769, 0.2724627147267543, 0.7328690779592167, 1.3859038243496777,
            4.052237243268763, 5.8635847487551676, 3.465505025803331,
        ]),
        ["sinc"] = (Ops.Sinc, [0.0, 1e-09, 0.1, 0.5, 1.3, -2.7, 25.4],
            [1.0, 1.0, 0.983631643083466, 0.6366197723675814, -0.19809085184633995, 0.09537707681490437, -0.01191853115969537]),
        ["log10"] = (Ops.Log10, [1e-300, 0.5, 1, 10, 1e5], [-300, -0.3010299956639812, 0, 1, 5]),
    };

    [Theory, MemberData(nameof(Names))]
    public void AgreesWithMultiplePrecision(string name)
    {
        (Func<Tensor, Tensor> function, double[] x, double[] y) = Golden[name];
        double[] values = function(Tensor.Of(x)).ToArray<double>();
        for (int i = 0; i < x.Length; i++) Close(y[i], values[i], 1e-13, $"{name}({x[i]})");
        // Relative to the value itself in binary32, whose arguments are taken as they are.
        float[] single = function(Tensor.Of(Array.ConvertAll(x, v => (float)v))).ToArray<float>();
        double[] rounded = function(Tensor.Of(Array.ConvertAll(x, v => (double)(float)v))).ToArray<double>();
        for (int i = 0; i < x.Length; i++) Assert.Equal((float)rounded[i], single[i]);
        // The tiles, the emitted loops and the reference device agree.
        double[] defined = function(Tensor.Of(x, new ReferenceDevice())).ToArray<double>();
        for (int i = 0; i < x.Length; i++) Close(y[i], defined[i], 1e-13, $"{name}({x[i]}) on the reference device");
    }

    [Fact]
    public void TheBetaFunctionDoesNotCancel()
    {
        (double A, double B, double Y)[] cases =
        [
            (0.5, 0.5, 1.1447298858494002), (1, 2, -0.6931471805599453), (0.001, 3, 6.906255903607402), (1e10, 1, -23.025850929940457), (1e10, 2.5, -57.27994445456572),
            (1e5, 1e6, -335104.4969524304), (30, 40, -48.30174909591612), (1e-10, 1e10, 23.02585092758015),
        ];
        Tensor a = Tensor.Of(Array.ConvertAll(cases, c => c.A)), b = Tensor.Of(Array.ConvertAll(cases, c => c.B));
        double[] y = Ops.LogBeta(a, b).ToArray<double>();
        for (int i = 0; i < y.Length; i++) Close(cases[i].Y, y[i], 1e-13, $"logBeta({cases[i].A}, {cases[i].B})");
        Assert.Equal(y, Ops.LogBeta(b, a).ToArray<double>());
        Assert.Equal([Inf, Inf, NaN, -Inf], Ops.LogBeta(Tensor.Of([0.0, 0, -1, Inf]), Tensor.Of([1.0, 0, 3, 2])).ToArray<double>());
    }

    [Fact]
    public void SpecialValues()
    {
        Assert.Equal([Inf, Inf, Inf, Inf, Inf, NaN], Of(Ops.LogGamma, 0, -1, -20, Inf, -Inf, NaN));
        Assert.Equal([-Inf, Inf, NaN, Inf, NaN], Of(Ops.Digamma, 0, -0.0, -3, Inf, NaN));
        Assert.Equal([Inf, Inf, 0, NaN], Of(x => Ops.Polygamma(1, x), 0, -2, Inf, NaN));
        Assert.Equal([Inf, -Inf, NaN, NaN, 0, -0.0], Of(Ops.ErfInv, 1, -1, 1.5, NaN, 0, -0.0));
        Assert.Equal([Inf, Inf, NaN], Of(Ops.BesselI0, Inf, -Inf, NaN));
        Assert.Equal([Inf, -Inf, NaN], Of(Ops.BesselI1, Inf, -Inf, NaN));
        Assert.Equal([0, 0, NaN], Of(Ops.BesselI0e, Inf, -Inf, NaN));
        Assert.Equal([0.0, 0, NaN, 0, -Inf], Ops.XLogY(Tensor.Of([0.0, 0, 0, 0, 2]), Tensor.Of([0.0, -1, NaN, Inf, 0])).ToArray<double>());
        Assert.Equal([Inf, -Inf, Inf, NaN], Ops.LogAddExp(Tensor.Of([Inf, -Inf, -Inf, NaN]), Tensor.Of([Inf, -Inf, Inf, 1])).ToArray<double>());
        Assert.Equal([Math.Log(2), 1000 + Math.Log(2), 1000], Ops.LogAddExp(Tensor.Of([0.0, 1000, 1000]), Tensor.Of([0.0, 1000, -1000])).ToArray<double>());
    }

    [Fact]
    public void OrdersOfPolygammaAreChecked()
    {
        Tensor x = Tensor.Of([1.0]);
        Assert.StartsWith("polygamma: the order must be from 0 to 100, got -1.", Assert.Throws<ArgumentOutOfRangeException>(() => Ops.Polygamma(-1, x)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Ops.Polygamma(101, x));
        // psi_n(1) = (-1)^(n+1) n! zeta(n + 1), and zeta(n + 1) is nearly 1.
        double factorial = 1;
        for (int i = 2; i <= 40; i++) factorial *= i;
        Assert.Equal(-factorial * (1 + Math.Pow(2, -41)), Ops.Polygamma(40, x).ToScalar<double>(), factorial * 1e-14);
    }

    /// <summary>Emitted loops give the bits of tiles at every width, and bodies too large for one are served by tiles.</summary>
    [Fact]
    public unsafe void EveryWidthGivesTheSameBits()
    {
        var random = new Random(5);
        foreach (DType type in (DType[])[DType.F32, DType.F64])
        {
            Expr x = Expr.Input(0, type), y = Expr.Input(1, type);
            Expr[] bodies =
            [
                LogGammaOp.Instance.Define(x), DigammaOp.Instance.Define(x), new PolygammaOp(1).Define(x), new PolygammaOp(3).Define(x), LogBetaOp.Instance.Define(x, y),
                new BesselOp(0, false).Define(x), new BesselOp(1, true).Define(x), new BesselRatioOp(2, false).Define(x), new SincOp(0).Define(x), new SincOp(2).Define(x),
                ErfInvOp.Instance.Define(x), Log10Op.Instance.Define(x), XLogYOp.Instance.Define(x, y), LogAddExpOp.Instance.Define(x, y),
            ];
            foreach (Expr body in bodies)
            {
                Expr both = body + y;
                TileSource[] sources = [TileSource.InPlace, TileSource.InPlace];
                foreach (int width in (int[])[512, 256, 128])
                {
                    if (LoopEmitter.TryEmit([both], sources, [], width: width) is not { } loop) continue;
                    foreach (bool special in (bool[])[false, true]) LoopRun.Check(loop, [both], sources, [], [type, type], 77, random, special);
                }
            }
        }
    }

    private static double[] Of(Func<Tensor, Tensor> function, params double[] x) => function(Tensor.Of(x)).ToArray<double>();

    private static void Close(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected)), $"{what} is {expected:R}, got {actual:R}.");
}
