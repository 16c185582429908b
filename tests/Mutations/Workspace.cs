namespace Engine.Mutations;

/// <summary>A copy of the files that git tracks, in a folder of its own, which goes with the run.</summary>
internal sealed class Workspace : IDisposable
{
    private static readonly string[] Fast =
    [
        "-c", "Release", "--nologo", "-v", "q", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false", "-p:GenerateDocumentationFile=false", "-p:UseSharedCompilation=true",
    ];

    private readonly HashSet<string> built = new(StringComparer.Ordinal);

    private Workspace(string folder) => Folder = folder;

    public string Folder { get; }

    public static async Task<Workspace> Copy(string root, CancellationToken token)
    {
        CommandResult tracked = await Shell.Run(root, TimeSpan.FromMinutes(1), "git", ["ls-files", "-z"], token);
        if (tracked.Code != 0) throw new InvalidOperationException($"mutations: git does not list the files of {root}: {tracked.Output}");
        var workspace = new Workspace(Directory.CreateTempSubdirectory("engine-mutations-").FullName);
        foreach (string file in tracked.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            string from = Path.Combine(root, file), to = Path.Combine(workspace.Folder, file);
            // A tracked file may be deleted in the working tree.
            if (!File.Exists(from)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
        }
        return workspace;
    }

    public string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>Puts the bug in; the caller puts the returned text back.</summary>
    public string Apply(Mutant mutant)
    {
        string source = File.ReadAllText(PathOf(mutant.File));
        int count = mutant.CountIn(source);
        if (count != 1) throw new InvalidOperationException($"mutations: the old text of {mutant.Id} stands {count} times in {mutant.File}, it must stand there once.");
        Write(mutant.File, mutant.ApplyTo(source));
        return source;
    }

    public void Write(string file, string text)
    {
        File.WriteAllText(PathOf(file), text);
        built.Clear();
    }

    /// <summary>Builds a test project with all it needs, unless nothing changed since; the compiler's errors, or null.</summary>
    public async Task<string?> Build(string project, TimeSpan limit, CancellationToken token)
    {
        if (built.Contains(project)) return null;
        CommandResult result = await Shell.Run(Folder, limit, "dotnet", ["build", $"tests/{project}", .. Fast], token);
        if (result.TimedOut) return "the build ran out of time";
        if (result.Code != 0)
        {
            string? error = result.Output.Split('\n').FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal));
            return error?.Trim() ?? $"the build ended with code {result.Code}";
        }
        built.Add(project);
        return null;
    }

    public void Dispose()
    {
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }
}
