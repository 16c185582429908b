using System.Globalization;
using Engine.Autograd.Layers;
using Engine.Optim;
using Engine.Optim.Data;

namespace Engine.Cli;

/// <summary>A training with every choice made and every input checked. Making one writes nothing.</summary>
/// <param name="Config">The choices.</param>
/// <param name="Folder">Where the results go.</param>
/// <param name="IsResumed">True when the folder holds an earlier part of the training.</param>
/// <param name="Raw">The rows as they were read.</param>
/// <param name="Split">The rows as the model sees them: normalized, in two parts.</param>
/// <param name="Layers">The model.</param>
internal sealed record TrainingPlan(RunConfig Config, RunFolder Folder, bool IsResumed, DataSet Raw, DataSplit Split, IReadOnlyList<Layer> Layers)
{
    // The built-in digits are one fixed set: seeds differ in split, weights and order, not in the pictures.
    public const int DigitsRows = 8000;
    private const int LeastBatch = 16, UsualBatch = 64;
    private const int LeastEpochs = 10, MostEpochs = 200;
    private const double UsualTestFraction = 0.2;

    public Module Module { get; } = new Sequence(Layers.Select(l => l.Module));

    public int StepsPerEpoch => Split.Train.Rows / Config.Training.Batch;

    public Optimizer Optimizer => OptimizerChoice.Create(Config.Training.Optimizer, Module, Config.Training.LearningRate, Config.Training.Epochs * StepsPerEpoch);

    /// <summary>What a test score is called in files and output.</summary>
    public string ScoreName => Config.IsClassification ? "test_accuracy" : "test_rmse";

    /// <summary>From a score of normalized targets to one in their own unit.</summary>
    public double ScoreScale => Config.TargetNormalization?.Deviation[0] ?? 1;

    public static TrainingPlan Make(TrainRequest request) => request.Resume is null ? MakeNew(request) : MakeResumed(request, request.Resume);

    private static TrainingPlan MakeNew(TrainRequest request)
    {
        var folder = RunFolder.ForNew(request.Out);
        ModelChoice model = ModelChoice.Parse(request.Model ?? ModelChoice.Default);
        DataSet raw = ReadData(request.Data ?? "digits", request.Label, request.Task, request.Image);
        string optimizer = request.Optimizer ?? OptimizerChoice.Default;
        long seed = request.Seed ?? 0;
        double testFraction = request.TestFraction ?? UsualTestFraction;
        DataSplit split = SplitRows(raw, testFraction, seed);
        int batch = BatchFor(request.Batch, split.Train.Rows, raw.Rows);
        int epochs = request.Epochs ?? Math.Clamp(model.UsualSteps / (split.Train.Rows / batch), LeastEpochs, MostEpochs);

        Normalization features = Normalization.For(split.Train);
        Normalization? targets = raw.IsClassification ? null : Normalization.Shared(Tensors.Tensor.Of(split.Train.Targets, [split.Train.Rows]));
        var config = new RunConfig
        {
            Format = RunConfig.CurrentFormat,
            Engine = Version,
            Task = raw.IsClassification ? "classify" : "regress",
            Data = new(request.Data is null or "digits" ? "digits" : Path.GetFullPath(request.Data), raw.Rows, raw.Fingerprint()),
            Label = request.Label,
            Columns = [.. raw.Columns],
            ClassNames = [.. raw.ClassNames],
            Image = raw.Image?.ToString(),
            Model = model.ToString(),
            Normalization = NormalizationConfig.Of(features),
            TargetNormalization = targets is null ? null : NormalizationConfig.Of(targets),
            Training = new(optimizer, request.LearningRate ?? OptimizerChoice.DefaultRate(optimizer), epochs, batch, seed, testFraction),
        };
        return Finish(config, folder, false, raw, split);
    }

    private static TrainingPlan MakeResumed(TrainRequest request, string path)
    {
        var folder = RunFolder.ForExisting("--resume", path);
        RunConfig config = RunConfig.Read(folder.Config);
        TrainingConfig training = config.Training;
        if (request.Out is not null && Path.GetFullPath(request.Out) != Path.GetFullPath(path))
            throw new UserErrorException($"--out {request.Out}: a resumed training goes on in its own folder, {path}; leave the option out");
        Same("--label", request.Label, config.Label);
        Same("--task", request.Task, config.Task);
        Same("--model", request.Model is null ? null : ModelChoice.Parse(request.Model).ToString(), config.Model);
        Same("--image", request.Image is null ? null : ParseImage(request.Image).ToString(), config.Image);
        Same("--optimizer", request.Optimizer, training.Optimizer);
        Same("--batch", Text(request.Batch), Text(training.Batch));
        Same("--lr", Text(request.LearningRate), Text(training.LearningRate));
        Same("--seed", Text(request.Seed), Text(training.Seed));
        Same("--test-fraction", Text(request.TestFraction), Text(training.TestFraction));
        config = config with { Training = training with { Epochs = request.Epochs ?? training.Epochs } };

        string source = request.Data ?? config.Data.Source;
        DataSet raw = ReadData(source, config.Label, config.Task, config.Image);
        if (raw.Fingerprint() != config.Data.Fingerprint)
            throw new UserErrorException($"{source}: the rows are not those the training in {path} began with ({raw.Rows} rows now, {config.Data.Rows} then)");
        return Finish(config, folder, true, raw, SplitRows(raw, training.TestFraction, training.Seed));
    }

    private static TrainingPlan Finish(RunConfig config, RunFolder folder, bool isResumed, DataSet raw, DataSplit split)
    {
        IReadOnlyList<Layer> layers = ModelChoice.Parse(config.Model).Build(config.Columns.Length, config.Outputs, config.ImageSize);
        Normalization features = config.Normalization.ToNormalization();
        Normalization? targets = config.TargetNormalization?.ToNormalization();
        DataSet Prepare(DataSet part)
        {
            part = part.MapFeatures(features.Apply);
            return targets is null ? part : part.MapTargets(targets.Apply);
        }
        return new(config, folder, isResumed, raw, new(Prepare(split.Train), Prepare(split.Test)), layers);
    }

    private static string Version => typeof(TrainingPlan).Assembly.GetName().Version!.ToString(3);

    private static DataSet ReadData(string source, string? label, string? task, string? image)
    {
        DataSet data;
        if (source == "digits")
        {
            if (label is not null) throw new UserErrorException("--label: the built-in digits have one label, the digit; leave the option out");
            if (task == "regress")
                throw new UserErrorException("--task regress: the built-in digits are classes; name a file with numbers to predict by --data");
            data = DataSet.OfDigits(DigitsRows);
        }
        else
        {
            DataTable table = DataFiles.Read(source, label, task switch { "classify" => LearningTask.Classify, "regress" => LearningTask.Regress, _ => null });
            data = task switch { "classify" => table.ToClasses(), "regress" => table.ToTargets(), _ => table.ToDataSet() };
        }
        if (!data.IsClassification && data.Targets.IndexOfAnyExcept(data.Targets[0]) < 0)
            throw new UserErrorException($"{source}: all rows have the same number to predict, {Text(data.Targets[0])}, so there is nothing to learn");
        if (image is null) return data;
        ImageSize size = ParseImage(image);
        if (size.Count != data.Columns.Count)
            throw new UserErrorException($"--image {image}: a picture of this size has {size.Count} values, a row of {source} has {data.Columns.Count}");
        return data.WithImage(size);
    }

    private static ImageSize ParseImage(string text) => ImageSize.TryParse(text, out ImageSize size)
        ? size
        : throw new UserErrorException($"--image '{text}' is no size of pictures, expected height x width, such as 28x28, or with channels 32x32x3");

    private static DataSplit SplitRows(DataSet raw, double testFraction, long seed)
    {
        if (raw.Rows < 2) throw new UserErrorException($"{raw.Name}: one row cannot be split into rows to learn from and rows to judge by");
        return DataSplit.Of(raw, testFraction, seed);
    }

    private static int BatchFor(int? wanted, int trainRows, int rows)
    {
        string have = string.Create(CultureInfo.InvariantCulture, $"the {trainRows} training rows (of {rows}, less those for testing)");
        if (wanted is { } batch)
            return batch <= trainRows ? batch : throw new UserErrorException($"--batch {batch}: {have} are fewer than a batch; use a smaller one");
        if (trainRows < LeastBatch)
            throw new UserErrorException($"{have} are fewer than the smallest usual batch, {LeastBatch}; add rows, or choose a smaller one by --batch");
        int size = LeastBatch;
        while (size < UsualBatch && size * 32 <= trainRows) size *= 2;
        return size;
    }

    private static void Same(string option, string? asked, string? begun)
    {
        if (asked is not null && asked != begun)
        {
            string then = begun ?? "another choice";
            throw new UserErrorException($"{option} {asked}: the training to resume was begun with {then}; leave the option out, or begin a new training");
        }
    }

    private static string? Text(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture);
}
