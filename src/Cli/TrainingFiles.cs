using System.Globalization;
using Engine.Optim.Data;
using Engine.Optim.Pictures;
using Engine.Optim.Training;
using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Cli;

/// <summary>Writes what a training leaves: model, metrics, curves and report.</summary>
internal sealed class TrainingFiles(TrainingPlan plan)
{
    private readonly bool classify = plan.Config.IsClassification;

    /// <summary>The model and the metrics so far.</summary>
    public void WriteModel(TrainingResult result)
    {
        plan.Folder.WriteModel(result.Weights);
        plan.Folder.WriteMetrics(result.History, plan.ScoreName);
    }

    public void WriteAll(TrainingResult result, int threads, TimeSpan elapsed)
    {
        WriteModel(result);
        AtomicFile.WriteAllText(plan.Folder.Curves, Curves(result.History).ToSvg());
        AtomicFile.WriteAllText(plan.Folder.Report, Report(result, threads, elapsed).ToHtml());
    }

    private LineChart Curves(IReadOnlyList<EpochReport> history) => new()
    {
        Title = classify ? "Loss and error" : "Training loss and test error",
        XLabel = "epoch",
        LogY = true,
        Series =
        [
            Line("training loss", history, e => e.TrainLoss),
            classify ? Line("share of test rows wrong", history, e => 1 - e.TestScore) : Line("root mean squared test error", history, e => e.TestScore),
        ],
    };

    private HtmlReport Report(TrainingResult result, int threads, TimeSpan elapsed)
    {
        TrainingConfig choices = plan.Config.Training;
        EpochReport last = result.History[^1];
        string lead = $"{plan.Config.Model} on {Path.GetFileName(plan.Config.Data.Source)}: "
            + $"{Number(plan.Split.Train.Rows)} rows to learn from, {Number(plan.Split.Test.Rows)} to judge by.";
        HtmlReport report = new HtmlReport("Training report", lead).KeyValues(
        [
            (classify ? "test accuracy" : "test error (rmse)", classify ? $"{last.TestScore:0.00%}" : $"{last.TestScore:G6}"),
            .. classify ? [] : ((string, string)[])[("error of always the mean", $"{plan.ScoreScale:G6}")],
            ("training loss", $"{last.TrainLoss:0.0000}"),
            ("epochs", $"{last.Epoch}"),
            ("parameters", $"{result.Weights.ElementCount:#,0}"),
            ("time", $"{elapsed.TotalSeconds:0.0} s"),
            ("rows per second", $"{result.SamplesPerSecond:#,0}"),
        ]);

        report.Section("Learning curves")
            .Figure(Chart("Training loss", "mean over the epoch", true, Line("training loss", result.History, e => e.TrainLoss)))
            .Figure(classify
                ? Chart("Test accuracy", "share of rows right", false, Line("test accuracy", result.History, e => e.TestScore))
                : Chart("Test error", "root mean squared error", false, Line("test error", result.History, e => e.TestScore)));
        if (classify) AddConfusion(report, result);

        report.Section("Model").Table(["layer", "output", "parameters"], [.. plan.Layers.Select((l, i) => Row(l.Name, l.Output, Parameters(result, i)))]);
        report.Section("Settings").Table(["setting", "value"],
        [
            ["data", plan.Config.Data.Source],
            ["rows", Number(plan.Config.Data.Rows)],
            ["features", Number(plan.Config.Columns.Length)],
            .. classify ? [Row("classes", Number(plan.Config.ClassNames.Length))] : (IReadOnlyList<string>[])[],
            ["optimizer", choices.Optimizer],
            ["learning rate", choices.LearningRate.ToString(CultureInfo.InvariantCulture)],
            ["batch", Number(choices.Batch)],
            ["seed", Number(choices.Seed)],
            ["share for testing", choices.TestFraction.ToString(CultureInfo.InvariantCulture)],
            ["threads", Number(threads)],
            ["weights, SHA-256", LeafHash.Sha256(result.Weights)],
        ]);
        return report;
    }

    private void AddConfusion(HtmlReport report, TrainingResult result)
    {
        DataSet test = plan.Split.Test;
        Tensor outputs = new Predictor(plan.Module).Run(result.Weights, result.Buffers, test.FeatureValues, test.Columns.Count);
        long[] guesses = Ops.ArgMax(outputs).ToArray<long>();
        int n = plan.Config.ClassNames.Length;
        int[,] counts = new int[n, n];
        for (int i = 0; i < guesses.Length; i++) counts[test.Labels[i], guesses[i]]++;
        report.Section("Confusion matrix").Figure(MatrixChart.Confusion(counts, plan.Config.ClassNames, "").ToSvg(),
            "Test rows by true class (down) and predicted class (across). Blue is right, orange is wrong; a cell's colour is its share of the row.");

        var worst = from i in Enumerable.Range(0, n)
                    from j in Enumerable.Range(0, n)
                    where i != j && counts[i, j] > 0
                    orderby counts[i, j] descending, i, j
                    select Row(plan.Config.ClassNames[i], plan.Config.ClassNames[j], Number(counts[i, j]));
        IReadOnlyList<string>[] rows = [.. worst.Take(8)];
        if (rows.Length > 0) report.Paragraph("The most frequent mistakes:").Table(["true", "predicted", "rows"], rows);
    }

    private string Parameters(TrainingResult result, int layer)
    {
        string prefix = $"{layer}.";
        var own = result.Weights.Names.Zip(result.Weights.Tensors).Where(w => w.First.StartsWith(prefix, StringComparison.Ordinal));
        return Number(own.Sum(w => (long)w.Second.Count));
    }

    private static IReadOnlyList<string> Row(params string[] cells) => cells;

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Chart(string title, string unit, bool logarithmic, Series series) =>
        new LineChart { Title = title, XLabel = "epoch", YLabel = unit, LogY = logarithmic, Width = 520, Height = 320, Series = [series] }.ToSvg();

    private static Series Line(string name, IReadOnlyList<EpochReport> history, Func<EpochReport, double> value) =>
        new(name, [.. history.Select(e => (double)e.Epoch)], [.. history.Select(value)]);
}
