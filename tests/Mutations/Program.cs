using System.Diagnostics;
using System.Runtime.InteropServices;
using Engine.Mutations;

if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}
string root = AppContext.BaseDirectory;
while (!File.Exists(Path.Combine(root, "Engine.sln"))) root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("mutations: Engine.sln was not found above the program.");
IReadOnlyList<Mutant> all = Mutant.ReadAll(Path.Combine(root, "tests", "Mutations"));
string[] unknown = [.. options.Only.Except(all.Select(m => m.Id), StringComparer.Ordinal)];
if (unknown.Length > 0)
{
    Console.Error.WriteLine($"mutations: there is no mutant {string.Join(", ", unknown)}. The names are in tests/Mutations/*.json.");
    return 2;
}
IReadOnlyList<Mutant> chosen = options.Seed is { } seed ? Draw.Some(all, options.Count, seed) : [.. options.Only.Select(id => all.First(m => m.Id == id))];
string title = options.Seed is { } number ? $"seed {number}" : "chosen by name";
string results = options.Results ?? Path.Combine(root, "TestResults", options.Seed is { } n ? $"mutations-seed-{n}.md" : "mutations-chosen.md");

using var source = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    source.Cancel();
}
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
List<Workspace> copies = [];
try
{
    var clock = Stopwatch.StartNew();
    for (int i = 0; i < options.Jobs; i++) copies.Add(await Workspace.Copy(root, source.Token));
    var runner = new Runner(copies, trials => Results.Write(results, title, chosen.Count, trials), source.Token);
    Console.WriteLine($"{chosen.Count} of {all.Count} mutants, {title}; in {string.Join(", ", copies.Select(c => c.Folder))}");
    await runner.BuildAll();
    Console.WriteLine($"built without a mutant in {clock.Elapsed.TotalSeconds:0} s");
    IReadOnlyList<Trial> trials = await runner.Try(chosen);
    Console.WriteLine($"{Results.Summary(trials)}\n{clock.Elapsed.TotalMinutes:0.0} minutes; {Path.GetRelativePath(root, results)} has the details");
    return trials.All(t => t.Verdict == Verdict.Killed) ? 0 : 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("mutations: interrupted; the copies are removed");
    return 130;
}
finally
{
    foreach (Workspace copy in copies) copy.Dispose();
}
