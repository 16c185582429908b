using System.Text.Json.Serialization;

namespace Engine.Cli.Bench;

/// <summary>What <c>engine bench --json</c> prints.</summary>
internal sealed record BenchOutput(string Command, string Suite, int Threads, double FmaPeakGflops, double CopyGbps, IReadOnlyList<BenchRow> Rows);

/// <summary>A measured computation; which figures a row has depends on the suite.</summary>
internal sealed record BenchRow(string Name)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? M { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? N { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? K { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Batch { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Microseconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? BytesAllocated { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Nanoseconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Gflops { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Gbps { get; init; }

    /// <summary>Of the arithmetic peak of all threads where the row has gflops, of the speed of copying memory where it has gbps.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? FractionOfPeak { get; init; }
}
