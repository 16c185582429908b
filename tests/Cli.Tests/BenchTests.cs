using System.Text.Json;

namespace Engine.Cli.Tests;

public sealed class BenchTests
{
    [Fact]
    public void TrainingStepsAreTimedAndAllocateNothing()
    {
        JsonElement json = EngineProcess.Run(AppContext.BaseDirectory, "bench", "--suite", "train", "--json").Json();

        Assert.Equal(["command", "suite", "threads", "fma_peak_gflops", "copy_gbps", "rows"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("bench", "train", 1), (json.GetProperty("command").GetString(), json.GetProperty("suite").GetString(), json.GetProperty("threads").GetInt32()));
        Assert.True(json.GetProperty("fma_peak_gflops").GetDouble() > 1);
        Assert.True(json.GetProperty("copy_gbps").GetDouble() > 0.1);
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        Assert.Equal([1, 32, 128, 32], rows.Select(r => r.GetProperty("batch").GetInt32()));
        Assert.All(rows, r =>
        {
            Assert.Equal(["name", "batch", "microseconds", "bytes_allocated"], r.EnumerateObject().Select(p => p.Name));
            Assert.True(r.GetProperty("microseconds").GetDouble() > 0);
            Assert.Equal(0, r.GetProperty("bytes_allocated").GetInt64());
        });
    }

    [Theory]
    [InlineData("elementwise", "gbps")]
    [InlineData("conv", "gflops")]
    public void RowsTellTimeRateAndFraction(string suite, string rate)
    {
        JsonElement json = EngineProcess.Run(AppContext.BaseDirectory, "bench", "--suite", suite, "--json").Json();

        Assert.All(json.GetProperty("rows").EnumerateArray(), r =>
        {
            Assert.Equal(["name", "n", "nanoseconds", rate, "fraction_of_peak"], r.EnumerateObject().Select(p => p.Name));
            Assert.True(r.GetProperty("nanoseconds").GetDouble() > 0);
            Assert.True(r.GetProperty(rate).GetDouble() > 0);
            Assert.True(r.GetProperty("fraction_of_peak").GetDouble() > 0);
        });
    }

    [Fact]
    public void ATableIsPrintedForPeople()
    {
        EngineResult result = EngineProcess.Run(AppContext.BaseDirectory, "bench", "--suite", "attention", "--threads", "2");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = result.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("8 x 256 x 64 causal forward", lines[0], StringComparison.Ordinal);
        Assert.Contains("GFLOP/s", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("2 thread(s): arithmetic peak", lines[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("engine bench: Option '--suite' is required")]
    [InlineData("engine bench: --suite 'poetry' is unknown, expected gemm, elementwise, train, conv or attention", "--suite", "poetry")]
    [InlineData("engine bench: --threads '0' is not allowed, expected a whole number from 1 to 1024", "--suite", "train", "--threads", "0")]
    public void WrongOptionsAreNamed(string problem, params string[] arguments) =>
        Assert.Equal(problem, EngineProcess.Run(AppContext.BaseDirectory, ["bench", .. arguments]).BadInput().TrimEnd('\n'));
}
