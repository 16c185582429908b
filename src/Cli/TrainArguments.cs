using System.CommandLine;

namespace Engine.Cli;

/// <summary>What the user asked of <c>engine train</c>; null where nothing was said.</summary>
internal sealed record TrainRequest(
    string? Data, string? Label, string? Task, string? Model, string? Image, string? Optimizer,
    int? Epochs, int? Batch, double? LearningRate, long? Seed, double? TestFraction, int? Threads, string? Out, string? Resume, bool Json);

/// <summary>The options of <c>engine train</c>.</summary>
internal sealed class TrainArguments
{
    private readonly Option<string?> data = Arguments.Text(
        "--data", "FILE|digits", "Rows to learn from: .csv, .npy, .npz, IDX, or the built-in digits. [default: digits]");
    private readonly Option<string?> label = Arguments.Text("--label", "NAME", "The column to predict. [default: the last]");
    private readonly Option<string?> task = Arguments.OneOf("--task", "Predict classes or a number. [default: as the labels suggest]", "classify", "regress");
    private readonly Option<string?> model = Arguments.Text("--model", "mlp:128,64|cnn|linear", $"The network. [default: {ModelChoice.Default}]");
    private readonly Option<string?> image = Arguments.Text("--image", "HxWxC", "Rows are pictures of this size, channels last.");
    private readonly Option<string?> optimizer = Arguments.OneOf("--optimizer", $"[default: {OptimizerChoice.Default}]", OptimizerChoice.Names);
    private readonly Option<int?> epochs = Arguments.Count(
        "--epochs", "Passes over the training rows. [default: by model and number of rows, 10 to 200]", most: 1_000_000);
    private readonly Option<int?> batch = Arguments.Count("--batch", "Rows per step. [default: by the number of rows, 16 to 64]");
    private readonly Option<double?> rate = Arguments.Positive("--lr", "X", "Learning rate. [default: by the optimizer]");
    private readonly Option<long?> seed = Arguments.Seed("Decides the split, the first weights and the order of the rows. [default: 0]");
    private readonly Option<double?> testFraction = Arguments.Positive(
        "--test-fraction", "F", "Share of the rows kept apart to judge by. [default: 0.2]", below: 1);
    private readonly Option<int?> threads = Arguments.Count("--threads", "Threads; the result does not depend on it. [default: all cores]", most: 1024);
    private readonly Option<string?> output = Arguments.Text("--out", "DIR", "A new or empty folder for the results. [default: runs/<UTC time>]");
    private readonly Option<string?> resume = Arguments.Text("--resume", "DIR", "Continue the training in this folder.");
    private readonly Option<bool> json = Arguments.Json();

    public void AddTo(Command command)
    {
        Option[] all = [data, label, task, model, image, optimizer, epochs, batch, rate, seed, testFraction, threads, output, resume, json];
        foreach (Option option in all) command.Add(option);
    }

    public TrainRequest Read(ParseResult parsed) => new(
        parsed.GetValue(data), parsed.GetValue(label), parsed.GetValue(task), parsed.GetValue(model), parsed.GetValue(image), parsed.GetValue(optimizer),
        parsed.GetValue(epochs), parsed.GetValue(batch), parsed.GetValue(rate), parsed.GetValue(seed), parsed.GetValue(testFraction), parsed.GetValue(threads),
        parsed.GetValue(output), parsed.GetValue(resume), parsed.GetValue(json));
}
