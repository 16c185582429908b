using Engine.Mutations;
using Engine.Testing;

namespace Engine.Architecture.Tests;

/// <summary>Mutants say what stands in the sources: a change of a line that one of them names is a change of the mutant too.</summary>
public sealed class MutationDataTests
{
    private static readonly IReadOnlyList<Mutant> All = Mutant.ReadAll(Path.Combine(Repository.Root, "tests", "Mutations"));

    [Fact]
    public void EveryOldTextStandsInItsFileOnce()
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> wrong = [];
        foreach (Mutant mutant in All)
        {
            string path = Path.Combine(Repository.Root, mutant.File);
            if (!sources.TryGetValue(mutant.File, out string? source)) sources[mutant.File] = source = File.Exists(path) ? File.ReadAllText(path) : "";
            int count = mutant.CountIn(source);
            if (count != 1) wrong.Add($"{mutant.Id}: its old text stands {count} times in {mutant.File}. Correct it in tests/Mutations, with more of the line if need be.");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void EveryMutantHasANameOfItsOwnAndChangesSomething()
    {
        Assert.Equal(All.Count, All.Select(m => m.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.All(All, m => Assert.True(m.Old != m.New && m.Old.Length > 0, $"{m.Id} changes nothing."));
        Assert.All(All, m => Assert.True(m.Id.Length > 0 && !m.Id.Contains(',') && m.Wrong.Length > 0 && !m.Wrong.Contains('\n'), $"{m.Id} needs a name without commas and one line of what is wrong."));
    }

    [Fact]
    public void ThereAreEnoughOfEveryPart()
    {
        Assert.True(All.Count >= 200, $"There are {All.Count} mutants, at least 200 are promised.");
        Assert.All(Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src")).Concat(Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src", "Tensors"))).Where(HoldsSources), folder =>
        {
            string name = $"{Repository.Relative(folder)}/";
            Assert.True(All.Count(m => m.File.StartsWith(name, StringComparison.Ordinal)) >= 4, $"There are fewer than 4 mutants of {name}.");
        });
        Assert.All(All, m => Assert.True(Lane.FirstFor(m.File).Count > 0, $"{m.Id}: no tests are named for {m.File} in tests/Mutations/Lane.cs."));
    }

    [Fact]
    public void ASeedDrawsTheSameMutantsAgain()
    {
        Assert.Equal(Draw.Some(All, 60, 7).Select(m => m.Id), Draw.Some(All, 60, 7).Select(m => m.Id));
        Assert.NotEqual(Draw.Some(All, 60, 7).Select(m => m.Id), Draw.Some(All, 60, 8).Select(m => m.Id));
        Assert.Equal(60, Draw.Some(All, 60, 7).Distinct().Count());
        Assert.Equal(All.Count, Draw.Some(All, int.MaxValue, 7).Distinct().Count());
    }

    private static bool HoldsSources(string folder) => Path.GetFileName(folder) is not ("bin" or "obj") && Repository.Sources(Repository.Relative(folder)).Any();
}
