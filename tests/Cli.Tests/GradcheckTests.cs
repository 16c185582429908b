using System.Text.Json;

namespace Engine.Cli.Tests;

public sealed class GradcheckTests
{
    [Fact]
    public void EveryRowPassesAndIsCounted()
    {
        EngineResult result = EngineProcess.Run(AppContext.BaseDirectory, "gradcheck", "--cases", "2", "--seed", "1", "--json");

        JsonElement json = result.Json();
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(["command", "primitives", "cases", "failed", "worst_error", "worst_op", "seed"], json.EnumerateObject().Select(p => p.Name));
        Assert.True(json.GetProperty("primitives").GetInt32() > 50);
        Assert.Equal(2 * json.GetProperty("primitives").GetInt32(), json.GetProperty("cases").GetInt32());
        Assert.Equal(0, json.GetProperty("failed").GetInt32());
        Assert.True(json.GetProperty("worst_error").GetDouble() < 1e-8);
        Assert.NotEmpty(json.GetProperty("worst_op").GetString()!);
        Assert.Equal(1, json.GetProperty("seed").GetInt32());
    }

    [Fact]
    public void RowsAreShownWithTheirDomains()
    {
        EngineResult result = EngineProcess.Run(AppContext.BaseDirectory, "gradcheck", "--cases", "1");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("exp: ok", result.Output, StringComparison.Ordinal);
        Assert.Contains("in [", result.Output, StringComparison.Ordinal);
        Assert.Contains("0 failures of", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cases", "0")]
    [InlineData("--seed", "-1")]
    public void WrongOptionsAreNamed(string option, string value) =>
        Assert.StartsWith(
            $"engine gradcheck: {option} '{value}' is not allowed",
            EngineProcess.Run(AppContext.BaseDirectory, "gradcheck", option, value).BadInput(), StringComparison.Ordinal);
}
