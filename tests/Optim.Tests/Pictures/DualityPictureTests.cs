using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Optim.Pictures;
using Engine.Tensors;

namespace Engine.Optim.Tests.Pictures;

/// <summary>The picture in docs/duality.md is what the engine draws; UPDATE_PICTURES=1 draws it anew.</summary>
public sealed class DualityPictureTests
{
    [Fact]
    public void ThePageShowsWhatIsDrawn()
    {
        string path = Path.Combine(Root(), "docs", "duality.svg"), svg = Draw();
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

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Engine.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
