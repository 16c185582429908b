using System.Globalization;
using Engine.Optim.Training;
using Spectre.Console;

namespace Engine.Cli;

/// <summary>
/// A progress bar on the error stream with loss, rows per second and time left. Silent when that stream is no terminal; NO_COLOR is honoured.
/// </summary>
internal static class TrainingBar
{
    public static TrainingResult Around(double scoreScale, Func<IProgress<TrainingProgress>?, TrainingResult> training)
    {
        if (Console.IsErrorRedirected) return training(null);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => training(new Bar(context.AddTask("starting"), scoreScale)));
    }

    private sealed class Bar(ProgressTask task, double scoreScale) : IProgress<TrainingProgress>
    {
        private string score = "";

        public void Report(TrainingProgress value)
        {
            if (value.Finished is { } epoch) score = string.Create(CultureInfo.InvariantCulture, $"  test {epoch.TestScore * scoreScale:0.0000}");
            task.MaxValue = value.Steps;
            task.Value = value.Step;
            task.Description = string.Create(CultureInfo.InvariantCulture,
                $"epoch {value.Epoch}/{value.Epochs}  loss {value.Loss:0.0000}{score}  {value.SamplesPerSecond:#,0} rows/s  {Left(value.Remaining)} left");
        }

        private static string Left(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
    }
}
