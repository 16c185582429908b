using System.Globalization;
using System.Xml.Linq;
using Engine.Optim.Pictures;

namespace Engine.Optim.Tests.Pictures;

public sealed class ChartTests
{
    private const string Nasty = "<b> & \"x\" 'y' ]]> \u0001 \ud800 é 東";

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>Parses the picture and checks what holds for all: nothing from outside, no number that a viewer cannot read, everything inside the frame.</summary>
    private static XElement Check(string svg)
    {
        var root = XDocument.Parse(svg).Root!;
        Assert.Equal(Svg + "svg", root.Name);
        Assert.DoesNotContain("NaN\"", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("Infinity", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("href", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", svg, StringComparison.Ordinal);
        double width = Number(root, "width"), height = Number(root, "height");
        foreach (var text in root.Elements(Svg + "text"))
        {
            Assert.InRange(Number(text, "x"), 0, width);
            Assert.InRange(Number(text, "y"), 0, height);
        }

        return root;
    }

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static string[] Texts(XElement root) => [.. root.Elements(Svg + "text").Select(t => t.Value)];

    private static string[] Paths(XElement root, string style) =>
        [.. root.Elements(Svg + "path").Where(p => p.Attribute("class")!.Value.Split(' ').Contains(style)).Select(p => p.Attribute("d")!.Value)];

    [Fact]
    public void ALineChartHasItsPartsAndItsLines()
    {
        var root = Check(new LineChart
        {
            Title = "Loss",
            XLabel = "epoch",
            YLabel = "nats",
            Series = [new("train", [1, 2, 3], [2.0, 1.0, 0.5]), new("test", [1, 2, 3], [2.1, 1.2, 0.9])],
        }.ToSvg());

        var texts = Texts(root);
        foreach (var expected in new[] { "Loss", "epoch", "nats", "train", "test", "1", "2", "3", "0.5", "2.5" }) Assert.Contains(expected, texts);
        Assert.Equal(3, Assert.Single(Paths(root, "ec-s0")).Split('M', 'L').Length - 1);
        Assert.Single(Paths(root, "ec-s1"));
    }

    [Fact]
    public void LowerLossesAreLowerOnThePicture()
    {
        var path = Assert.Single(Paths(Check(new LineChart { Series = [new("a", [2.0, 1.0])] }.ToSvg()), "ec-s0"));
        double[] numbers = [.. path.Split('M', 'L', ' ').Skip(1).Select(t => double.Parse(t, CultureInfo.InvariantCulture))];

        Assert.True(numbers[0] < numbers[2]);
        Assert.True(numbers[1] < numbers[3]);
    }

    [Fact]
    public void ValuesThatAreNotFiniteLeaveGapsAndLonePointsAreDots()
    {
        var root = Check(new LineChart { Series = [new("a", [1, 2, double.NaN, 3, double.PositiveInfinity, 2, 1])] }.ToSvg());

        Assert.Equal(2, Paths(root, "ec-s0").First().Count(c => c == 'M'));
        Assert.Single(Paths(root, "ec-dot"));
    }

    [Fact]
    public void ALogarithmicAxisDropsWhatIsNotPositive()
    {
        var root = Check(new LineChart { LogY = true, Series = [new("a", [1, 0.1, 0, -1, 0.01, 0.001])] }.ToSvg());

        Assert.Equal(2, Assert.Single(Paths(root, "ec-s0")).Count(c => c == 'M'));
        Assert.Contains("0.01", Texts(root));
    }

    public static TheoryData<double[]> Degenerate =>
        [[], [double.NaN], [double.NaN, double.NegativeInfinity], [0], [3.5], [-2], [0, 0], [1e-300, 1e-300], [1e300, -1e300], [1, double.MaxValue], [double.MaxValue, -double.MaxValue], [double.Epsilon, 0]];

    [Theory]
    [MemberData(nameof(Degenerate))]
    public void DegenerateDataStillGivesAPicture(double[] values)
    {
        bool anything = values.Any(v => Math.Abs(v) <= 1e300);
        foreach (bool log in new[] { false, true })
        {
            var root = Check(new LineChart { LogY = log, Series = [new("a", values)] }.ToSvg());
            if (!log) Assert.Equal(!anything, Texts(root).Contains("no data"));
        }

        Check(new BarChart { Labels = [.. values.Select(_ => "x")], Values = values }.ToSvg().Replace("NaN", "", StringComparison.Ordinal).Replace("-Infinity", "", StringComparison.Ordinal));
        Assert.Contains("no data", Texts(Check(new LineChart().ToSvg())));
    }

    [Fact]
    public void LongRunsAreThinnedToThePixels()
    {
        var noise = new Random(1);
        double[] y = [.. Enumerable.Range(0, 200_000).Select(i => i == 77_777 ? 5 : noise.NextDouble())];
        var svg = new LineChart { Title = "t", Series = [new("a", y)] }.ToSvg();

        Assert.InRange(svg.Length, 10_000, 60_000);
        var path = Assert.Single(Paths(Check(svg), "ec-s0"));
        double top = path.Split('M', 'L').Skip(1).Min(p => double.Parse(p.Split(' ')[1], CultureInfo.InvariantCulture));
        Assert.InRange(top, 20, 80);
    }

    [Fact]
    public void TextIsEscapedEverywhere()
    {
        string[] svgs =
        [
            new LineChart { Title = Nasty, XLabel = Nasty, YLabel = Nasty, Series = [new(Nasty, [1, 2])] }.ToSvg(),
            new BarChart { Title = Nasty, Labels = [Nasty], Values = [1], Unit = Nasty }.ToSvg(),
            new MatrixChart(new double[,] { { 1 } }) { Title = Nasty, XLabel = Nasty, YLabel = Nasty, RowLabels = [Nasty], ColumnLabels = [Nasty] }.ToSvg(),
        ];

        foreach (var svg in svgs)
        {
            var root = Check(svg);
            Assert.Equal("<b> & \"x\" 'y' ]]> \uFFFD \uFFFD é 東", root.Attribute("aria-label")!.Value);
            Assert.Empty(root.Descendants(Svg + "b"));
        }
    }

    [Fact]
    public void CultureDoesNotMatter()
    {
        static string Draw() => new LineChart { Series = [new("a", [0.25, -1.5])] }.ToSvg() + new BarChart { Labels = ["a"], Values = [-0.5] }.ToSvg() + new MatrixChart(new[,] { { 0.5, -1.25 } }).ToSvg();
        string expected = Draw();
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
        try
        {
            Assert.Equal(expected, Draw());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void AConfusionMatrixShowsItsCounts()
    {
        var root = Check(MatrixChart.Confusion(new[,] { { 40, 2 }, { 0, 38 } }, ["cat", "dog"]).ToSvg());
        var texts = Texts(root);

        foreach (var expected in new[] { "Confusion matrix", "predicted", "true", "40", "2", "38" }) Assert.Contains(expected, texts);
        Assert.DoesNotContain("0", texts);
        Assert.Equal(2, texts.Count(t => t == "cat"));
        Assert.Equal(1, Assert.Single(Paths(root, "ec-warm")).Count(c => c == 'M'));
    }

    [Fact]
    public void AHundredClassesFitWithoutText()
    {
        var counts = new int[130, 130];
        for (int i = 0; i < 130; i++) (counts[i, i], counts[i, (i * 7) % 130]) = (40, 3);
        var svg = MatrixChart.Confusion(counts, []).ToSvg();
        var root = Check(svg);

        Assert.InRange(svg.Length, 1000, 60_000);
        Assert.InRange(Number(root, "width"), 300, 700);
        Assert.DoesNotContain("40", Texts(root).Skip(3).Except(Enumerable.Range(0, 130).Where(i => i % 5 == 0).Select(i => i.ToString(CultureInfo.InvariantCulture))));
        Assert.Contains("blue: right, orange: wrong, full colour: all of a row", Texts(root));
    }

    [Fact]
    public void AHeatMapTellsSignsAndMissingValuesApart()
    {
        var root = Check(new MatrixChart(new[,] { { 1, -1, 0, double.NaN } }).ToSvg());

        Assert.Single(Paths(root, "ec-cool"));
        Assert.Single(Paths(root, "ec-warm"));
        Assert.Single(Paths(root, "ec-none"));
        Assert.Equal(["1", "-1", "0", "NaN"], Texts(root));
        Check(new MatrixChart(new double[3, 3]).ToSvg());
        Check(new MatrixChart(new[,] { { double.PositiveInfinity, 1 } }).ToSvg().Replace("Infinity", "", StringComparison.Ordinal));
    }

    [Fact]
    public void WrongArgumentsAreNamed()
    {
        static string Error(Action draw) => Assert.ThrowsAny<ArgumentException>(draw).Message;

        Assert.StartsWith("series 'a': got 2 x and 1 y values; each point has one of each", Error(() => _ = new Series("a", [1, 2], [1])), StringComparison.Ordinal);
        Assert.Equal("a line chart is at least 200 x 160 pixels, got 10 x 340", Error(() => new LineChart { Width = 10 }.ToSvg()));
        Assert.Equal("a bar has a label and a value, got 0 labels and 1 values", Error(() => new BarChart { Values = [1] }.ToSvg()));
        Assert.StartsWith("a matrix chart needs at least one cell, got [0, 3]", Error(() => _ = new MatrixChart(new double[0, 3])), StringComparison.Ordinal);
        Assert.StartsWith("a confusion matrix is square and not empty, got [0, 0]", Error(() => MatrixChart.Confusion(new int[0, 0], [])), StringComparison.Ordinal);
        Assert.StartsWith("a confusion matrix is square and not empty, got [2, 3]", Error(() => MatrixChart.Confusion(new int[2, 3], [])), StringComparison.Ordinal);
        Assert.StartsWith("a count is not negative, got -1 at [0, 0]", Error(() => MatrixChart.Confusion(new[,] { { -1 } }, [])), StringComparison.Ordinal);
        Assert.Equal("the matrix has 1 rows, got 2 row labels", Error(() => MatrixChart.Confusion(new[,] { { 1 } }, ["a", "b"]).ToSvg()));
    }
}
