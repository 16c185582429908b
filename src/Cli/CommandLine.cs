using System.CommandLine;
using Engine.Optim.Training;

namespace Engine.Cli;

/// <summary>The command <c>engine</c>: chooses the verb, and turns everything that can go wrong into one line and an exit code.</summary>
internal static class CommandLine
{
    public static int Run(string[] args)
    {
        var root = new RootCommand("Trains and runs neural networks, in managed code only.");
        Verb[] verbs = [TrainCommand.Create(), PredictCommand.Create(), SweepCommand.Create(), OrthogonalizeCommand.Create(), GradcheckCommand.Create(), DevicesCommand.Create(), BenchCommand.Create()];
        foreach (Verb verb in verbs) root.Add(verb.Command);
        HelpWithExamples.AddTo(root, verbs);

        ParseResult parsed = root.Parse(args);
        Verb? chosen = Array.Find(verbs, v => v.Command == parsed.CommandResult.Command);
        string prefix = chosen is null ? "engine" : $"engine {chosen.Command.Name}";
        if (parsed.Action is { ClearsParseErrors: true }) return parsed.Invoke();
        if (parsed.Errors.Count > 0) return Fail(prefix, parsed.Errors[0].Message + (chosen is null ? " See engine --help." : ""), ExitCode.BadInput);
        if (chosen is null) return parsed.Invoke();

        try
        {
            return chosen.Run(parsed);
        }
        catch (OperationCanceledException)
        {
            return Fail(prefix, "interrupted", ExitCode.Interrupted);
        }
        catch (DivergenceException e)
        {
            return Fail(prefix, e.Message, ExitCode.Failed);
        }
        catch (Exception e) when (e is UserErrorException or FormatException or IOException or UnauthorizedAccessException)
        {
            return Fail(prefix, e.Message, ExitCode.BadInput);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Fail(prefix, $"internal error, {e.GetType().Name}: {e.Message}", ExitCode.Failed);
        }
    }

    private static int Fail(string prefix, string message, int code)
    {
        Console.Error.WriteLine($"{prefix}: {message.ReplaceLineEndings(" ").TrimEnd('.')}");
        return code;
    }
}
