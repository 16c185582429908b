using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Autograd.Layers;
using Engine.Optim.Data;
using Engine.Optim.Training;
using Engine.Tensors.Cpu;
using Engine.Tensors.IO;

namespace Engine.Cli;

/// <summary><c>engine sweep</c>: the best learning rate of optimizers for networks of several widths and depths, as a table and a picture.</summary>
internal static class SweepCommand
{
    private const string UsualWidths = "32,128,512", UsualDepths = "3,6,12", UsualOptimizers = "dualized,adam";
    private const int UsualSteps = 100, UsualBatch = 256, MostSize = 65536;

    public static Verb Create()
    {
        Option<string?> optimizer = Arguments.Text("--optimizer", "A,B", $"Optimizers to compare: {string.Join(", ", OptimizerChoice.Names)}. [default: {UsualOptimizers}]");
        Option<string?> widths = Arguments.Text("--widths", "N,N", $"Widths of the hidden layers. [default: {UsualWidths}]");
        Option<string?> depths = Arguments.Text("--depths", "N,N", $"Numbers of matrices of the perceptron. [default: {UsualDepths}]");
        Option<string?> data = Arguments.Text("--data", "FILE|digits", "Rows with classes: .csv, .npy, .npz, IDX, or the built-in digits. [default: digits]");
        Option<string?> label = Arguments.Text("--label", "NAME", "The column to predict. [default: the last]");
        Option<int?> steps = Arguments.Count("--steps", $"Steps of every run, or the most of them with --until. [default: {UsualSteps}, with --until 1000]", most: 1_000_000);
        Option<int?> batch = Arguments.Count("--batch", $"Rows per step. [default: {UsualBatch}]");
        Option<int?> seeds = Arguments.Count("--seeds", "Runs per rate, of which the median counts. [default: 1]", most: 1000);
        Option<double?> until = Arguments.Positive("--until", "LOSS", "Compare by the steps it takes at a constant rate until the loss over the training rows is this low.");
        Option<int?> threads = Arguments.Count("--threads", "Threads to compute on. [default: all cores]", most: 1024);
        Option<string?> output = Arguments.Text("--out", "FILE.svg", "Where the heat map goes. [default: sweep.svg]");
        Option<bool> json = Arguments.Json();
        const string Description = "Finds the learning rate, a power of 2, that trains a perceptron furthest, for every width and depth: with dualized updates one rate serves all sizes.";
        var command = new Command("sweep", Description) { optimizer, widths, depths, data, label, steps, batch, seeds, until, threads, output, json };
        return new(command, p => Run(new(
            Names(p.GetValue(optimizer) ?? UsualOptimizers), Numbers("--widths", p.GetValue(widths) ?? UsualWidths), Numbers("--depths", p.GetValue(depths) ?? UsualDepths),
            p.GetValue(data) ?? "digits", p.GetValue(label), new()
            {
                Steps = p.GetValue(steps) ?? (p.GetValue(until) is null ? UsualSteps : 1000),
                BatchSize = p.GetValue(batch) ?? UsualBatch,
                Seeds = p.GetValue(seeds) ?? 1,
                Until = p.GetValue(until),
                Device = new CpuDevice(p.GetValue(threads)),
            },
            p.GetValue(output) ?? "sweep.svg", p.GetValue(json))),
            "engine sweep",
            "engine sweep --optimizer dualized,adamw,sgd --widths 64,256 --depths 4 --steps 200 --json",
            "engine sweep --optimizer dualized,adam --widths 128 --depths 3 --until 0.03 --seeds 3 --batch 64 --data digits.csv");
    }

    private static int Run(Request request)
    {
        using var interruption = new Interruption();
        if (Directory.Exists(request.Out)) throw new UserErrorException($"--out {request.Out}: is a folder, expected a file to write");
        DataSet rows = Read(request);
        if (rows.Rows < request.Options.BatchSize)
            throw new UserErrorException($"--batch {request.Options.BatchSize}: {rows.Name} has {rows.Rows} rows, fewer than a batch; use a smaller one");
        DataSet data = rows.MapFeatures(Normalization.For(rows).Apply);
        var sweep = new LearningRateSweep(data, (width, depth) => Perceptron(data.Columns.Count, width, depth, data.ClassNames.Count), request.Options);

        List<SweepResult> results = [];
        foreach (string name in request.Optimizers)
        {
            double guess = OptimizerChoice.DefaultRate(name);
            foreach (int depth in request.Depths)
            {
                foreach (int width in request.Widths)
                {
                    SweepResult result = sweep.Find(OptimizerChoice.Contender(name), width, depth, guess, null, interruption.Token);
                    results.Add(result);
                    guess = result.Best.Rate;
                    if (!request.Json) Console.WriteLine(Line(result));
                }
            }
        }
        Draw(request, results);
        if (request.Json)
        {
            SweepRow[] table = [.. results.Select(r => new SweepRow(r.Optimizer, r.Width, r.Depth, r.Best.Rate, Finite(r.Best.Loss), r.Best.Steps))];
            Console.WriteLine(JsonSerializer.Serialize(
                new SweepOutput("sweep", rows.Name, rows.Rows, request.Options.Steps, request.Options.BatchSize, request.Options.Seeds, table, request.Out), CliJson.Default.SweepOutput));
        }
        else
        {
            foreach (string name in request.Optimizers) Console.WriteLine($"{name}: the best rates lie within a factor of {Spread(results, name):0.##}");
            Console.WriteLine($"picture: {request.Out}");
        }
        return ExitCode.Success;
    }

    private static string Line(SweepResult r) => string.Create(CultureInfo.InvariantCulture,
        $"{r.Optimizer,-12} width {r.Width,5}  depth {r.Depth,3}  best rate 2^{Math.Log2(r.Best.Rate),-4:0}")
        + (r.Best.Steps is { } steps ? string.Create(CultureInfo.InvariantCulture, $" {steps:0} steps") : string.Create(CultureInfo.InvariantCulture, $" loss {r.Best.Loss:0.0000}"));

    private static double Spread(List<SweepResult> results, string name)
    {
        double[] rates = [.. results.Where(r => r.Optimizer == name).Select(r => r.Best.Rate)];
        return rates.Max() / rates.Min();
    }

    private static double? Finite(double loss) => double.IsFinite(loss) ? loss : null;

    private static void Draw(Request request, List<SweepResult> results)
    {
        try
        {
            AtomicFile.WriteAllText(request.Out, SweepResult.Chart(results).ToSvg());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out {request.Out}: {e.Message}");
        }
    }

    private static DataSet Read(Request request)
    {
        if (request.Data == "digits")
            return request.Label is null ? DataSet.OfDigits(TrainingPlan.DigitsRows) : throw new UserErrorException("--label: the built-in digits have one label, the digit; leave the option out");
        return DataFiles.Read(request.Data, request.Label, LearningTask.Classify).ToClasses();
    }

    private static Sequence Perceptron(int features, int width, int depth, int classes)
    {
        List<Module> layers = [];
        for (int i = 1; i < depth; i++)
        {
            layers.Add(new Linear(features, width, bias: false, initializer: Initializers.HeUniform));
            layers.Add(new Relu());
            features = width;
        }
        layers.Add(new Linear(features, classes, bias: false, initializer: Initializers.HeUniform));
        return new(layers);
    }

    private static string[] Names(string text)
    {
        string[] names = text.Split(',');
        return Array.Find(names, n => !OptimizerChoice.Names.Contains(n)) is { } unknown
            ? throw new UserErrorException($"--optimizer '{unknown}' is unknown, expected some of {string.Join(", ", OptimizerChoice.Names)}")
            : names.Distinct().Count() == names.Length ? names : throw new UserErrorException($"--optimizer '{text}' names one twice");
    }

    private static int[] Numbers(string option, string text) => [.. text.Split(',').Select(part =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is >= 1 and <= MostSize
            ? n
            : throw new UserErrorException($"{option} '{text}': '{part}' is not allowed, expected whole numbers from 1 to {MostSize}, as in {UsualWidths}"))];

    private sealed record Request(
        string[] Optimizers, int[] Widths, int[] Depths, string Data, string? Label, SweepOptions Options, string Out, bool Json);
}

/// <summary>What <c>engine sweep --json</c> prints.</summary>
internal sealed record SweepOutput(string Command, string Data, int Samples, int Steps, int Batch, int Seeds, SweepRow[] Rows, string Out);

/// <summary>The best rate of an optimizer for one size.</summary>
internal sealed record SweepRow(
    string Optimizer, int Width, int Depth, double BestLr, double? Loss, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? StepsToLoss);
