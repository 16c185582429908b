using System.Text;
using System.Text.Json;
using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Optim.Training;

/// <summary>How far a training has come.</summary>
internal sealed record TrainingPosition
{
    /// <summary>Whole epochs done.</summary>
    public int Epoch { get; set; }

    /// <summary>Steps done in the next epoch.</summary>
    public int Step { get; set; }

    /// <summary>Sum of the losses of these steps.</summary>
    public double LossSum { get; set; }

    /// <summary>Seconds before the last resumption.</summary>
    public double Seconds { get; init; }

    /// <summary>The epochs done.</summary>
    public List<EpochReport> History { get; init; } = [];
}

/// <summary>The state of a training as one safetensors file: tensors, and as metadata the position and a hash that finds damage.</summary>
internal static class Checkpoint
{
    private const string Format = "engine-checkpoint-1";

    public static void Write(string path, TrainState state, TrainingPosition position)
    {
        Tensor[] leaves = Tree.Leaves(state);
        string[] names = Names(state);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = Format,
            ["position"] = ToJson(position),
            ["sha256"] = LeafHash.Sha256(state),
        };
        SafeTensors.Write(path, names.Zip(leaves, KeyValuePair.Create), metadata);
    }

    /// <summary>Reads what <see cref="Write"/> wrote, onto the devices of a state of the same form.</summary>
    /// <exception cref="DataFormatException">The file is damaged, or its tensors are not like the state's.</exception>
    public static (TrainState State, TrainingPosition Position) Read(string path, TrainState form, int stepsPerEpoch)
    {
        SafeTensorsFile file = SafeTensors.Read(path);
        if (file.Metadata.GetValueOrDefault("format") != Format) throw new DataFormatException($"{path}: is no checkpoint of a training");
        Tensor[] like = Tree.Leaves(form);
        string[] names = Names(form);
        Tensor[] leaves = new Tensor[like.Length];
        for (int i = 0; i < leaves.Length; i++)
        {
            if (!file.Tensors.TryGetValue(names[i], out Tensor? tensor) || tensor.Spec != like[i].Spec)
            {
                string found = tensor is null ? "is missing" : $"is {tensor.Spec}";
                throw new DataFormatException($"{path}: tensor '{names[i]}' {found}, expected {like[i].Spec}; the checkpoint is of another model or optimizer");
            }
            leaves[i] = tensor;
        }
        TrainState state = form.WithLeaves(leaves);
        if (file.Metadata.GetValueOrDefault("sha256") != LeafHash.Sha256(state))
            throw new DataFormatException($"{path}: the checkpoint is damaged, its tensors do not have the hash that was written with them");
        TrainingPosition position = FromJson(path, file.Metadata.GetValueOrDefault("position") ?? "");
        if (position.Step > stepsPerEpoch || position.Epoch != position.History.Count)
            throw new DataFormatException($"{path}: the checkpoint belongs to a training with other data or another batch size");
        return (state, position);
    }

    private static string[] Names(TrainState state) =>
    [
        .. state.Weights.Names.Select(n => $"weights.{n}"),
        .. state.Optimizer.Leaves.Names.Select(n => $"optimizer.{n}"),
        .. state.Buffers.Names.Select(n => $"buffers.{n}"),
        "step",
        "key",
    ];

    private static string ToJson(TrainingPosition position)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("epoch", position.Epoch);
            json.WriteNumber("step", position.Step);
            json.WriteNumber("loss_sum", position.LossSum);
            json.WriteNumber("seconds", position.Seconds);
            json.WriteStartArray("history");
            foreach (EpochReport report in position.History)
            {
                json.WriteStartArray();
                json.WriteNumberValue(report.TrainLoss);
                json.WriteNumberValue(report.TestScore);
                json.WriteNumberValue(report.Seconds);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static TrainingPosition FromJson(string path, string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            var position = new TrainingPosition
            {
                Epoch = root.GetProperty("epoch").GetInt32(),
                Step = root.GetProperty("step").GetInt32(),
                LossSum = root.GetProperty("loss_sum").GetDouble(),
                Seconds = root.GetProperty("seconds").GetDouble(),
            };
            foreach (JsonElement report in root.GetProperty("history").EnumerateArray())
                position.History.Add(new(position.History.Count + 1, report[0].GetDouble(), report[1].GetDouble(), report[2].GetDouble()));
            return position;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new DataFormatException($"{path}: the position of the training is damaged", e);
        }
    }
}
