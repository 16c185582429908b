using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Optim.Training;
using Engine.Tensors.Cpu;

namespace Engine.Cli;

/// <summary><c>engine train</c>: learns from rows, judges by rows kept apart, and leaves a model with a report.</summary>
internal static class TrainCommand
{
    public static Verb Create()
    {
        var command = new Command("train", "Trains a model on a table, on pictures or on the built-in digits, and writes it with a report to a folder.");
        var arguments = new TrainArguments();
        arguments.AddTo(command);
        return new(command, parsed => Run(arguments.Read(parsed)),
            "engine train",
            "engine train --data flowers.csv --label species --seed 1",
            "engine train --data houses.csv --task regress --model mlp:64,64 --epochs 200",
            "engine train --data train-images-idx3-ubyte.gz --model cnn --out runs/cnn",
            "engine train --resume runs/cnn");
    }

    private static int Run(TrainRequest request)
    {
        var clock = Stopwatch.StartNew();
        using var interruption = new Interruption();
        TrainingPlan plan = TrainingPlan.Make(request);
        var device = new CpuDevice(request.Threads);
        interruption.Token.ThrowIfCancellationRequested();

        plan.Folder.Create(plan.Config);
        TrainingConfig choices = plan.Config.Training;
        var trainer = new Trainer(plan.Module, plan.Optimizer, new()
        {
            Epochs = choices.Epochs,
            BatchSize = choices.Batch,
            Seed = choices.Seed,
            Initialize = OptimizerChoice.Contender(choices.Optimizer).StartsDualized ? (module, key) => module.InitializeDualized(key) : null,
            Device = device,
            CheckpointPath = plan.Folder.Checkpoint,
            Resume = plan.IsResumed,
        });
        TrainingResult result;
        try
        {
            result = TrainingBar.Around(plan.ScoreScale, progress => trainer.Fit(plan.Split.Train, plan.Split.Test, progress, interruption.Token));
        }
        catch (TrainingCanceledException e)
        {
            new TrainingFiles(plan).WriteModel(InUnits(plan, e.SoFar));
            string place = $"epoch {e.SoFar.History.Count + 1} of {choices.Epochs}";
            Console.Error.WriteLine($"engine train: interrupted in {place}; go on with: engine train --resume {plan.Folder.Path}");
            return ExitCode.Interrupted;
        }

        result = InUnits(plan, result);
        new TrainingFiles(plan).WriteAll(result, device.Threads, clock.Elapsed);
        Print(request.Json, Output(plan, result, device.Threads, clock.Elapsed));
        return ExitCode.Success;
    }

    /// <summary>Scores of numbers are wanted in the unit of the data, the model learns in units of their deviation.</summary>
    private static TrainingResult InUnits(TrainingPlan plan, TrainingResult result) =>
        result with { History = [.. result.History.Select(e => e with { TestScore = e.TestScore * plan.ScoreScale })] };

    private static TrainOutput Output(TrainingPlan plan, TrainingResult result, int threads, TimeSpan elapsed)
    {
        EpochReport last = result.History[^1];
        bool classify = plan.Config.IsClassification;
        return new(
            "train", plan.Raw.Name, plan.Raw.Rows, plan.Config.Columns.Length, plan.Config.ClassNames.Length, result.Weights.ElementCount, last.Epoch,
            last.TrainLoss, classify ? last.TestScore : null, classify ? null : last.TestScore, Math.Round(elapsed.TotalSeconds, 3),
            Math.Round(result.SamplesPerSecond, 1), plan.Config.Training.Seed, threads, LeafHash.Sha256(result.Weights), plan.Folder.Path);
    }

    private static void Print(bool json, TrainOutput output)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(output, CliJson.Default.TrainOutput));
            return;
        }
        string score = output.TestAccuracy is { } accuracy ? $"test accuracy  {accuracy:0.0000}" : $"test rmse      {output.TestRmse:G6}";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {score}
            train loss     {output.TrainLoss:0.0000} in epoch {output.Epochs}
            model          {output.Parameters:#,0} parameters, weights {output.WeightsSha256[..16]}
            time           {output.Seconds:0.0} s, {output.SamplesPerSecond:#,0} rows/s on {output.Threads} threads
            report         {Path.Combine(output.Out, "report.html")}
            """));
    }
}

/// <summary>What <c>engine train --json</c> prints.</summary>
internal sealed record TrainOutput(
    string Command, string Data, int Rows, int Features, int Classes, long Parameters, int Epochs, double TrainLoss,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TestAccuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TestRmse,
    double Seconds, double SamplesPerSecond, long Seed, int Threads,
    [property: JsonPropertyName("weights_sha256")] string WeightsSha256, string Out);
