using System.Text.Json;

namespace Engine.Cli.Tests;

public sealed class SweepTests
{
    [Fact]
    public void EverySizeHasItsBestRate()
    {
        using var folder = new TestFolder();
        string picture = folder["rates.svg"];
        JsonElement json = EngineProcess.Run(
            folder.Root, "sweep", "--optimizer", "dualized,sgd", "--widths", "8,16", "--depths", "2", "--steps", "10", "--batch", "64", "--out", picture, "--json").Json();

        Assert.Equal(["command", "data", "samples", "steps", "batch", "seeds", "rows", "out"], json.EnumerateObject().Select(p => p.Name));
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        Assert.Equal(["dualized 8 2", "dualized 16 2", "sgd 8 2", "sgd 16 2"], rows.Select(r => $"{r.GetProperty("optimizer")} {r.GetProperty("width")} {r.GetProperty("depth")}"));
        Assert.All(rows, r =>
        {
            Assert.Equal(["optimizer", "width", "depth", "best_lr", "loss"], r.EnumerateObject().Select(p => p.Name));
            Assert.True(double.IsInteger(Math.Log2(r.GetProperty("best_lr").GetDouble())));
            Assert.InRange(r.GetProperty("loss").GetDouble(), 0.01, 2.3);
        });
        string svg = File.ReadAllText(picture);
        Assert.StartsWith("<svg", svg, StringComparison.Ordinal);
        Assert.Contains("sgd, depth 2", svg, StringComparison.Ordinal);
        Assert.Contains($"2^{Math.Log2(rows[0].GetProperty("best_lr").GetDouble())}", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void StepsToALossAreCounted()
    {
        using var folder = new TestFolder();
        EngineResult result = EngineProcess.Run(
            folder.Root, "sweep", "--optimizer", "dualized", "--widths", "16", "--depths", "2", "--steps", "40", "--batch", "128", "--until", "1.5", "--seeds", "3");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = result.Output.TrimEnd('\n').Split('\n');
        Assert.Matches(@"^dualized     width    16  depth   2  best rate 2\^-?\d+ +\d+ steps$", lines[0]);
        Assert.Equal("dualized: the best rates lie within a factor of 1", lines[1]);
        Assert.True(File.Exists(folder["sweep.svg"]));
    }

    [Theory]
    [InlineData("engine sweep: --optimizer 'magic' is unknown, expected some of", "--optimizer", "adam,magic")]
    [InlineData("engine sweep: --optimizer 'adam,adam' names one twice", "--optimizer", "adam,adam")]
    [InlineData("engine sweep: --widths '8,x': 'x' is not allowed, expected whole numbers from 1 to 65536, as in 32,128,512", "--widths", "8,x")]
    [InlineData("engine sweep: --depths '0': '0' is not allowed, expected whole numbers from 1 to 65536, as in 32,128,512", "--depths", "0")]
    [InlineData("engine sweep: --batch 9000: digits has 8000 rows, fewer than a batch; use a smaller one", "--batch", "9000")]
    [InlineData("engine sweep: --label: the built-in digits have one label, the digit; leave the option out", "--label", "x")]
    [InlineData("engine sweep: --until '0' is not allowed, expected a number above 0", "--until", "0")]
    public void WrongOptionsAreNamed(string problem, params string[] arguments) =>
        Assert.StartsWith(problem, EngineProcess.Run(AppContext.BaseDirectory, ["sweep", .. arguments]).BadInput(), StringComparison.Ordinal);
}
