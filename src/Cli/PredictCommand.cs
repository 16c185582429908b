using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Optim.Training;
using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Cli;

/// <summary><c>engine predict</c>: a trained model on new rows.</summary>
internal static class PredictCommand
{
    public static Verb Create()
    {
        Option<string?> model = Arguments.Text("--model", "DIR", "The folder of a training.");
        Option<string?> data = Arguments.Text("--data", "FILE|digits", "The rows; their columns are matched by name, and the label may be missing.");
        Option<string?> output = Arguments.Text("--out", "FILE", "Where the predictions go, as CSV. [default: predictions.csv beside the model]");
        Option<bool> json = Arguments.Json();
        model.Required = data.Required = true;
        var command = new Command("predict", "Predicts a class with probabilities, or a number, for every row.") { model, data, output, json };
        return new(command, p => Run(p.GetRequiredValue(model)!, p.GetRequiredValue(data)!, p.GetValue(output), p.GetValue(json)),
            "engine predict --model runs/flowers --data new.csv --out predictions.csv",
            "engine predict --model runs/digits --data digits --json");
    }

    private static int Run(string modelPath, string dataPath, string? outPath, bool json)
    {
        var folder = RunFolder.ForExisting("--model", modelPath);
        RunConfig config = RunConfig.Read(folder.Config);
        IReadOnlyList<Layer> layers = ModelChoice.Parse(config.Model).Build(config.Columns.Length, config.Outputs, config.ImageSize);
        Module module = new Sequence(layers.Select(l => l.Module));
        Weights weights = folder.ReadModel(module.Initialize(RandomKey.FromSeed(0)));
        DataTable table = ReadRows(dataPath, config).Arrange(config.Columns);
        DataSet? labelled = table.Label is null ? null : config.IsClassification ? table.ToClasses(config.ClassNames) : table.ToTargets();
        string target = outPath ?? folder.Predictions;
        if (Directory.Exists(target)) throw new UserErrorException($"--out {target}: is a folder, expected a file to write");

        float[] features = table.Values.ToArray();
        config.Normalization.ToNormalization().Apply(features);
        Tensor outputs = new Predictor(module).Run(weights, Buffers.Empty, features, config.Columns.Length);
        PredictOutput result = config.IsClassification
            ? Classes(config, outputs, labelled, target)
            : Numbers(config, outputs, labelled, target);

        if (json) Console.WriteLine(JsonSerializer.Serialize(result, CliJson.Default.PredictOutput));
        else Print(result);
        return ExitCode.Success;
    }

    private static DataTable ReadRows(string path, RunConfig config)
    {
        if (path != "digits") return DataFiles.Read(path, config.Label, config.IsClassification ? LearningTask.Classify : LearningTask.Regress, config.Columns);
        DataSet digits = DataSet.OfDigits(TrainingPlan.DigitsRows);
        var labels = new LabelColumn("label", Array.ConvertAll(digits.Labels.ToArray(), l => (double)l));
        return new("digits", digits.Columns, digits.FeatureValues.ToArray(), labels, digits.Image);
    }

    private static PredictOutput Classes(RunConfig config, Tensor logits, DataSet? labelled, string target)
    {
        int classes = config.ClassNames.Length;
        long[] guesses = Ops.ArgMax(logits).ToArray<long>();
        float[] probabilities = Ops.Softmax(logits).ToArray<float>();
        Write(target, writer =>
        {
            CsvWriter.WriteRow(writer, ["prediction", .. config.ClassNames.Select(c => $"probability {c}")]);
            for (int row = 0; row < guesses.Length; row++)
            {
                float[] shares = probabilities[(row * classes)..((row + 1) * classes)];
                CsvWriter.WriteRow(writer, [config.ClassNames[guesses[row]], .. shares.Select(CsvWriter.Number)]);
            }
        });
        return new("predict", guesses.Length, classes, labelled is null ? null : Predictor.Accuracy(logits, labelled.Labels), null, target);
    }

    private static PredictOutput Numbers(RunConfig config, Tensor outputs, DataSet? labelled, string target)
    {
        float[] numbers = outputs.ToArray<float>();
        config.TargetNormalization!.ToNormalization().Invert(numbers);
        Write(target, writer =>
        {
            CsvWriter.WriteRow(writer, "prediction");
            foreach (float number in numbers) CsvWriter.WriteRow(writer, CsvWriter.Number(number));
        });
        double? error = labelled is null ? null : Predictor.RootMeanSquaredError(numbers, labelled.Targets);
        return new("predict", numbers.Length, 0, null, error, target);
    }

    private static void Write(string path, Action<StreamWriter> write)
    {
        try
        {
            AtomicFile.Write(path, stream =>
            {
                using var writer = new StreamWriter(stream);
                write(writer);
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out {path}: {e.Message}");
        }
    }

    private static void Print(PredictOutput result)
    {
        Console.WriteLine($"predictions  {result.Rows} rows in {result.Out}");
        if (result.Accuracy is { } accuracy) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accuracy     {accuracy:0.0000}"));
        if (result.Rmse is { } error) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rmse         {error:G6}"));
    }
}

/// <summary>What <c>engine predict --json</c> prints.</summary>
internal sealed record PredictOutput(
    string Command, int Rows, int Classes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Accuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Rmse,
    string Out);
