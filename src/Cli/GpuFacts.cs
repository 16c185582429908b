using System.Runtime.InteropServices;

namespace Engine.Cli;

/// <summary>Graphics processors. This version computes on the CPU only and says so, together with whether the driver is there.</summary>
internal static class GpuFacts
{
    public static IEnumerable<DeviceOutput> Read()
    {
        bool windows = OperatingSystem.IsWindows();
        yield return Missing("cuda", "CUDA driver", windows ? "nvcuda.dll" : "libcuda.so.1");
        yield return Missing("opencl", "OpenCL loader", windows ? "OpenCL.dll" : "libOpenCL.so.1");
    }

    private static DeviceOutput Missing(string name, string what, string library)
    {
        bool found = NativeLibrary.TryLoad(library, out nint handle);
        if (found) NativeLibrary.Free(handle);
        return new(name, false) { Reason = $"this version has no {name} backend; the {what} ({library}) is {(found ? "installed" : "not installed")}" };
    }
}
