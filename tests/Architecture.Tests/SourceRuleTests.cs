using Engine.Testing;

namespace Engine.Architecture.Tests;

/// <summary>Rules of the house that a compiler does not check.</summary>
public sealed class SourceRuleTests
{
    [Theory]
    [InlineData("[ThreadStatic]")]
    [InlineData("AsyncLocal<")]
    [InlineData("ThreadLocal<")]
    [InlineData("ModuleInitializer")]
    [InlineData("System.Linq.Expressions")]
    [InlineData("NotImplementedException")]
    [InlineData("DllImport(")]
    public void SourcesDoNotUse(string text)
    {
        Assert.All(Repository.Sources("src"), path => Assert.False(
            File.ReadAllText(path).Contains(text, StringComparison.Ordinal), $"{Repository.Relative(path)} uses {text}: see docs/architecture.md."));
    }

    [Theory]
    [InlineData("Reflection.Emit")]
    [InlineData("System.Reflection")]
    public void ReflectionStaysInTheLoopEmitter(string text)
    {
        string[] found = [.. Repository.Sources("src").Where(path => File.ReadAllText(path).Contains(text, StringComparison.Ordinal)).Select(Repository.Relative)];
        Assert.All(found, path => Assert.True(
            path.StartsWith("src/Tensors/Cpu/LoopEmitter.", StringComparison.Ordinal), $"{path} uses {text}: see docs/architecture.md."));
        // A rule that finds nothing checks nothing.
        Assert.NotEmpty(found);
    }

    [Fact]
    public void NativeBinariesAreNotTracked()
    {
        string[] native = [".so", ".dll", ".dylib", ".a", ".lib", ".exe"];
        foreach (string folder in (string[])["src", "tests", "samples", "docs", "perf"])
        {
            string path = Path.Combine(Repository.Root, folder);
            if (!Directory.Exists(path)) continue;
            Assert.DoesNotContain(
                Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                    .Select(Repository.Relative).Where(f => !f.Contains("/bin/") && !f.Contains("/obj/")),
                f => native.Contains(Path.GetExtension(f)));
        }
    }
}
