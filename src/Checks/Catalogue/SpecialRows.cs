using Engine.Autograd;
using Engine.Tensors;
using Engine.Tensors.Reference;

namespace Engine.Checks;

internal static class SpecialRows
{
    private const string NearPole = "the derivatives grow without bound towards a pole, where differences lose their digits";

    public static OpInfo[] All { get; } =
    [
        new("log10", Ops.Log10, Math.Log10, (0.1, 50), SpecialValues: [1, 1000], Note: NearPole),
        new("erfInv", Ops.ErfInv, Naive.ErfInv, (-0.9, 0.9), SpecialValues: [0], Note: NearPole),
        new("xLogY", Ops.XLogY, (x, y) => x == 0 && !double.IsNaN(y) ? 0 : x * Math.Log(y), (-3, 3), Second: (0.2, 5), SpecialValues: [1], Note: NearPole),
        new("logSigmoid", Ops.LogSigmoid, x => Math.Min(x, 0) - ReferenceMath.Log1p(Math.Exp(-Math.Abs(x))), (-30, 30), SpecialValues: [0, -100, 100]),
        new("logAddExp", Ops.LogAddExp, (a, b) => a == b ? a + Math.Log(2) : Math.Max(a, b) + ReferenceMath.Log1p(Math.Exp(-Math.Abs(a - b))), (-20, 20), SpecialValues: [0, 1]),
        new("sinc", Ops.Sinc, Naive.Sinc, (-6, 6), SpecialValues: [0, 0.5, 1]),
        new("logGamma", Ops.LogGamma, Naive.LogGamma, (0.2, 30), SpecialValues: [1, 2], Note: NearPole),
        new("logGamma left", Ops.LogGamma, Naive.LogGamma, (-2.8, -2.2), Note: "between two poles"),
        new("digamma", Ops.Digamma, x => Naive.Polygamma(0, x), (0.3, 30), SpecialValues: [1, 2], Note: NearPole),
        new("digamma left", Ops.Digamma, x => Naive.Polygamma(0, x), (-1.7, -1.3), Note: "between two poles"),
        new("polygamma trigamma", x => Ops.Polygamma(1, x), x => Naive.Polygamma(1, x), (0.5, 20), SpecialValues: [1], Note: NearPole),
        new("polygamma left", x => Ops.Polygamma(2, x), x => Naive.Polygamma(2, x), (-1.65, -1.35), Note: "between two poles"),
        new("polygamma zero", x => Ops.Polygamma(0, x), x => Naive.Polygamma(0, x), (0.5, 20), Note: NearPole),
        new("logBeta", Ops.LogBeta, Naive.LogBeta, (0.3, 20), SpecialValues: [1], Note: NearPole),
        new("besselI0", Ops.BesselI0, x => Naive.Bessel(0, x), (-6, 6), SpecialValues: [0]),
        new("besselI1", Ops.BesselI1, x => Naive.Bessel(1, x), (-6, 6), SpecialValues: [0]),
        new("besselI0e", Ops.BesselI0e, x => Naive.BesselScaled(0, x), (-20, 20), SpecialValues: [1], Kinks: [0]),
        new("besselI1e", Ops.BesselI1e, x => Naive.BesselScaled(1, x), (-20, 20), SpecialValues: [0, 1], Kinks: [0], Note: "the second derivative jumps at 0"),
        new("besselI1 slope", Slope) { Covers = ["BesselRatioOp"], Domains = "[-8, 8]" },
    ];

    private static OpCase Slope(Generator g) => new(
        xs => Transform.Jvp(Ops.BesselI1, xs[0], Tensor.Ones(xs[0].Shape, xs[0].DType)).Tangent,
        [new(g.Shape()) { Domain = (-8, 8), SpecialValues = [0], TakesWild = false }],
        v => Naive.Map(v, x => (Naive.Bessel(0, x[0]) + Naive.Bessel(2, x[0])) / 2));
}
