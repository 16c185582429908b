using System.Globalization;
using System.Text.RegularExpressions;
using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Optim.Pictures;
using Engine.Optim.Training;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Optim.Tests.Pictures;

/// <summary>The pictures in docs/duality.md are what the engine draws; UPDATE_PICTURES=1 draws them anew.</summary>
public sealed partial class DualityPictureTests
{
    [Fact]
    public void SingularValuesAreThoseDrawn() => Same("duality.svg", Draw());

    [Fact]
    public void RatesAreThoseOfTheTable()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "duality.md"));
        string[][] rows = [.. Row().Matches(page).Select(m => m.Groups.Values.Skip(1).Select(g => g.Value).ToArray())];
        Assert.Equal(9, rows.Length);
        SweepResult[] results = [.. from i in (int[])[0, 1] from r in rows select Result(i == 0 ? "dualized" : "adam", r[0], r[1], r[2 + i])];
        Same("transfer.svg", SweepResult.Chart(results).ToSvg());

        static SweepResult Result(string optimizer, string depth, string width, string power) => new(
            optimizer, int.Parse(width, CultureInfo.InvariantCulture), int.Parse(depth, CultureInfo.InvariantCulture),
            new(Math.Pow(2, int.Parse(power, CultureInfo.InvariantCulture)), 0, null), []);
    }

    [GeneratedRegex(@"^\| (\d+) \| (\d+) \| 2\^(-\d+) \| [\d.]+ \| 2\^(-\d+) \| [\d.]+ \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    private static void Same(string picture, string svg)
    {
        string path = Path.Combine(Repository.Root, "docs", picture);
        if (Environment.GetEnvironmentVariable("UPDATE_PICTURES") == "1") File.WriteAllText(path, svg);
        Assert.Equal(File.ReadAllText(path), svg);
    }

    private static string Draw()
    {
        DataSet digits = DataSet.OfDigits(256);
        Module net = new Linear(256, 64, bias: false) >> new Relu() >> new Linear(64, 10, bias: false);
        Weights w = net.Initialize(RandomKey.FromSeed(0), DType.F64);
        Tensor x = digits.Features.Cast(DType.F64), labels = Tensor.Of(digits.Labels, [256]);
        Tensor g = Transform.Grad((Weights p) => Losses.CrossEntropy(net.Forward(p, x), labels))(w)["0.weight"];
        (string Name, Tensor Update)[] lines =
        [
            ("gradient", VectorNorms.Euclidean.Dualize(g)), ("signs", VectorNorms.MaxEntry.Dualize(g)), ("rows of length 1", MatrixNorms.L2ToLinf.Dualize(g)),
            ("polar factor", MatrixNorms.Spectral.Dualize(g, PolarAccuracy.Exact)),
        ];
        double[] numbers = [.. Enumerable.Range(1, 64).Select(i => (double)i)];
        return new LineChart
        {
            Title = "Singular values of an update, over the greatest",
            XLabel = "singular value",
            LogY = true,
            Series = [.. lines.Select(l => Line(l.Name, l.Update))],
        }.ToSvg();

        Series Line(string name, Tensor update)
        {
            double[] s = Ops.Svd(update).S.ToArray<double>();
            // A pixel of a relu that is never on leaves zeros; they are no part of the picture.
            return new(name, numbers, [.. s.Select(v => v / s[0] > 1e-6 ? v / s[0] : double.NaN)]);
        }
    }
}
