using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Engine.Cli;

/// <summary><c>engine devices</c>: what this machine can compute on, and what is missing where it cannot.</summary>
internal static class DevicesCommand
{
    public static Verb Create()
    {
        Option<bool> json = Arguments.Json();
        var command = new Command("devices", "Lists the processors that the engine can use.") { json };
        return new(command, p => Run(p.GetValue(json)), "engine devices", "engine devices --json");
    }

    private static int Run(bool json)
    {
        DevicesOutput output = new("devices", [CpuFacts.Read(), .. GpuFacts.Read()]);
        if (json) Console.WriteLine(JsonSerializer.Serialize(output, CliJson.Default.DevicesOutput));
        else
        {
            foreach (DeviceOutput device in output.Devices) Print(device);
        }
        return ExitCode.Success;
    }

    private static void Print(DeviceOutput device)
    {
        Console.WriteLine($"{device.Name,-8}{(device.Available ? device.Model : $"not available: {device.Reason}")}");
        if (!device.Available) return;
        string caches = device.Caches is { Count: > 0 } found ? string.Join(", ", found.Select(c => $"L{c.Level} {c.Type} {Size(c.Bytes)}")) : "unknown";
        string vectors = device.MatrixSimdBits == device.SimdBits ? "" : $" ({device.MatrixSimdBits} in matrix products)";
        Console.WriteLine($"        {device.Cores} threads, {device.SimdBits}-bit vectors{vectors}, {Size(device.MemoryBytes ?? 0)} of memory");
        Console.WriteLine($"        caches of a core: {caches}");
    }

    private static string Size(long bytes)
    {
        (long unit, string name) = bytes >= 1L << 30 ? (1L << 30, "GiB") : bytes >= 1L << 20 ? (1L << 20, "MiB") : (1L << 10, "KiB");
        return string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / unit:0.#} {name}");
    }
}

/// <summary>What <c>engine devices --json</c> prints.</summary>
internal sealed record DevicesOutput(string Command, IReadOnlyList<DeviceOutput> Devices);

/// <summary>A processor: what it is when it can be used, what is missing when it cannot.</summary>
internal sealed record DeviceOutput(string Name, bool Available)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? SimdBits { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MatrixSimdBits { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Cores { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MemoryBytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<CacheOutput>? Caches { get; init; }
}

/// <summary>A cache of one core.</summary>
internal sealed record CacheOutput(int Level, string Type, long Bytes);
