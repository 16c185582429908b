using System.Globalization;
using System.Runtime.InteropServices;
using Engine.Tensors.Cpu;

namespace Engine.Cli;

/// <summary>What the operating system tells about the processor. Only Linux tells name and caches without native code; elsewhere they stay unknown.</summary>
internal static class CpuFacts
{
    private const string CacheFolder = "/sys/devices/system/cpu/cpu0/cache";

    public static DeviceOutput Read() => new("cpu", true)
    {
        Model = ModelName() ?? $"{RuntimeInformation.ProcessArchitecture} processor",
        SimdBits = CpuDevice.VectorBits,
        MatrixSimdBits = CpuDevice.MatrixVectorBits,
        Cores = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Caches = Caches(),
    };

    private static string? ModelName()
    {
        const string Key = "model name";
        return Lines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))?.Split(':', 2)[^1].Trim();
    }

    private static List<CacheOutput>? Caches()
    {
        if (!Directory.Exists(CacheFolder)) return null;
        var caches = new List<CacheOutput>();
        foreach (string folder in Directory.EnumerateDirectories(CacheFolder, "index*").Order(StringComparer.Ordinal))
        {
            string? First(string name) => Lines(Path.Combine(folder, name)).FirstOrDefault();
            (string? level, string? type, string? size) = (First("level"), First("type"), First("size"));
            if (int.TryParse(level, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && type is not null && Bytes(size) is { } bytes)
                caches.Add(new(number, type.ToLowerInvariant(), bytes));
        }
        return caches;
    }

    /// <summary>Reads <c>48K</c> or <c>32768K</c>.</summary>
    private static long? Bytes(string? text)
    {
        if (text is null || text.Length < 2) return null;
        int shift = text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => -1 };
        bool known = long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long count);
        return known && shift >= 0 ? count << shift : null;
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
