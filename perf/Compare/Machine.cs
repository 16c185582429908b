using Engine.Tensors.Cpu;

namespace Engine.Perf.Compare;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    public static string Description =>
        $"{Fact("model name")} (family {Fact("cpu family")}, model {Fact("model")}), {Environment.ProcessorCount} core(s), " +
        $"{CpuDevice.VectorBits}-bit vectors ({CpuDevice.MatrixVectorBits} in matrix products), .NET {Environment.Version}";

    /// <summary>Runnable threads over the last minute: more than none means that others were busy as well.</summary>
    public static string Load => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static string Fact(string key)
    {
        const string Path = "/proc/cpuinfo";
        string? line = File.Exists(Path) ? File.ReadLines(Path).FirstOrDefault(l => l.Split(':')[0].Trim() == key) : null;
        return line?.Split(':', 2)[1].Trim() ?? "unknown";
    }
}
