using System.Globalization;
using Engine.Testing;
using Engine.WidthProbe;

namespace Engine.Checks.Tests;

/// <summary>The same bits whatever vectors the processor has: a child process per setting prints a hash of many results.</summary>
public sealed class SimdWidthTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512", "0", 256)]
    [InlineData("DOTNET_PreferredVectorBitWidth", "512", 512)]
    [InlineData("DOTNET_PreferredVectorBitWidth", "128", 128)]
    [InlineData("DOTNET_EnableAVX2", "0", 128)]
    public void BitsDoNotDependOnTheWidth(string variable, string value, int widest)
    {
        string[] lines = ProbeProcess.Run("Engine.WidthProbe.dll", [], (variable, value));
        Assert.True(int.Parse(lines[0], CultureInfo.InvariantCulture) <= widest, $"{variable}={value} left vectors of {lines[0]} bits.");
        Assert.Equal(Probe.Hash(), lines[1]);
    }
}
