using System.Collections.Concurrent;
using System.Diagnostics;

namespace Engine.Mutations;

/// <summary>Tries mutants, one at a time in every copy.</summary>
internal sealed class Runner(IReadOnlyList<Workspace> workspaces, Action<IReadOnlyList<Trial>> write, CancellationToken token)
{
    // A whole project takes a few minutes on two cores; what takes longer than this hangs.
    private static readonly TimeSpan TestLimit = TimeSpan.FromMinutes(8), BuildLimit = TimeSpan.FromMinutes(20);

    /// <summary>Builds every test project as it is.</summary>
    public Task BuildAll() => Task.WhenAll(workspaces.Select(async workspace =>
    {
        foreach (string project in Lane.Projects) await BuildUnchanged(workspace, project);
    }));

    /// <summary>Tries them, then looks whether the tests that failed pass without them.</summary>
    public async Task<IReadOnlyList<Trial>> Try(IReadOnlyList<Mutant> mutants)
    {
        List<Trial> trials = [];
        var waiting = new ConcurrentQueue<Mutant>(mutants);
        await Task.WhenAll(workspaces.Select(async workspace =>
        {
            while (waiting.TryDequeue(out Mutant? mutant))
            {
                Trial trial = await Try(workspace, mutant);
                lock (trials)
                {
                    trials.Add(trial);
                    Console.WriteLine($"[{trials.Count}/{mutants.Count}] {trial.Verdict.ToString().ToLowerInvariant(),-9}{mutant.Id} ({trial.Seconds:0} s){(trial.By.Length > 0 ? $" by {trial.By}" : "")}");
                    write(trials);
                }
            }
        }));
        await Confirm(trials);
        write(trials);
        return trials;
    }

    private async Task<Trial> Try(Workspace workspace, Mutant mutant)
    {
        var clock = Stopwatch.StartNew();
        Trial end(Verdict verdict, string by, Stage? stage = null, string? test = null) => new(mutant, verdict, by, stage, test, clock.Elapsed.TotalSeconds);
        string source = workspace.Apply(mutant);
        try
        {
            foreach (Stage stage in Lane.For(mutant))
            {
                if (await workspace.Build(stage.Project, BuildLimit, token) is { } error) return end(Verdict.Invalid, error);
                TestOutcome outcome = await TestRun.Run(workspace, stage, TestLimit, stops: true, token);
                if (outcome.Failed) return end(Verdict.Killed, outcome.What, stage, outcome.Tests.Count > 0 ? outcome.Tests[0] : null);
            }
            return end(Verdict.Survived, "");
        }
        finally
        {
            workspace.Write(mutant.File, source);
        }
    }

    private async Task BuildUnchanged(Workspace workspace, string project)
    {
        if (await workspace.Build(project, BuildLimit, token) is { } error)
            throw new InvalidOperationException($"mutations: tests/{project} does not build without a mutant: {error}");
    }

    private async Task Confirm(List<Trial> trials)
    {
        Workspace workspace = workspaces[0];
        // A test that fails is run again by its name, a crash or a hang by the tests in which it happened.
        IEnumerable<Stage> stages = trials.Where(t => t.Stage is not null).GroupBy(t => t.Test is null ? t.Stage! : new Stage(t.Stage!.Project, null))
            .Select(g => g.Any(t => t.Test is null) ? g.Key : g.Key with { Filter = string.Join('|', g.Select(t => $"FullyQualifiedName={t.Test}").Distinct()) });
        foreach (Stage stage in stages.ToArray())
        {
            await BuildUnchanged(workspace, stage.Project);
            TestOutcome outcome = await TestRun.Run(workspace, stage, TestLimit, stops: false, token);
            for (int i = 0; i < trials.Count && outcome.Failed; i++)
            {
                Trial t = trials[i];
                bool same = t.Test is null ? t.Stage == stage : t.Stage?.Project == stage.Project && (outcome.Tests.Count == 0 || outcome.Tests.Contains(t.Test));
                if (t.Stage is not null && same) trials[i] = t with { Verdict = Verdict.Doubtful };
            }
        }
    }
}
