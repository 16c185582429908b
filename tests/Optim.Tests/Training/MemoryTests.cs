using System.Globalization;
using Engine.Testing;

namespace Engine.Optim.Tests.Training;

/// <summary>Compiled steps allocate nothing on any thread, eager steps leave nothing behind. Measured in a process of its own: a test host allocates.</summary>
public sealed class MemoryTests
{
    [Fact]
    public void CompiledStepsAllocateNothing()
    {
        string[] lines = Run("steps", Cases.Scaled(1000));
        Assert.Equal(6, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
    }

    [Fact]
    public void EagerStepsLeaveNothingBehind()
    {
        string[] lines = Run("eager", Math.Max(10_000, Cases.Scaled(10_000)));
        Assert.InRange(long.Parse(lines[0], CultureInfo.InvariantCulture), -1 << 20, 1 << 20);
        Assert.InRange(double.Parse(lines[1], CultureInfo.InvariantCulture), -100, 10);
    }

    private static string[] Run(string measurement, int steps) => ProbeProcess.Run("Engine.MemoryProbe.dll", [measurement, steps.ToString(CultureInfo.InvariantCulture)]);
}
