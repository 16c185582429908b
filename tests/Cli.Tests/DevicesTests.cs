using System.Text.Json;

namespace Engine.Cli.Tests;

public sealed class DevicesTests
{
    [Fact]
    public void TheProcessorIsDescribedAndWhatIsMissingIsSaid()
    {
        JsonElement json = EngineProcess.Run(AppContext.BaseDirectory, "devices", "--json").Json();

        Assert.Equal("devices", json.GetProperty("command").GetString());
        JsonElement[] devices = [.. json.GetProperty("devices").EnumerateArray()];
        JsonElement cpu = devices[0];
        Assert.Equal(("cpu", true), (cpu.GetProperty("name").GetString(), cpu.GetProperty("available").GetBoolean()));
        Assert.Contains(cpu.GetProperty("simd_bits").GetInt32(), (int[])[128, 256, 512]);
        Assert.True(cpu.GetProperty("matrix_simd_bits").GetInt32() >= cpu.GetProperty("simd_bits").GetInt32());
        Assert.Equal(Environment.ProcessorCount, cpu.GetProperty("cores").GetInt32());
        Assert.NotEmpty(cpu.GetProperty("model").GetString()!);
        Assert.All(devices[1..], d =>
        {
            Assert.False(d.GetProperty("available").GetBoolean());
            Assert.Contains("this version has no", d.GetProperty("reason").GetString(), StringComparison.Ordinal);
        });
        Assert.Contains(devices, d => d.GetProperty("name").GetString() == "cuda");
    }

    [Fact]
    public void TheVectorWidthIsTheOneInUse()
    {
        var narrow = new Dictionary<string, string> { ["DOTNET_PreferredVectorBitWidth"] = "128", ["DOTNET_EnableAVX2"] = "0" };
        JsonElement json = EngineProcess.Run(AppContext.BaseDirectory, narrow, "devices", "--json").Json();
        Assert.Equal(128, json.GetProperty("devices")[0].GetProperty("simd_bits").GetInt32());
    }
}
