using System.Diagnostics;
using Engine.Tensors.IO;

namespace Engine.Tensors.Tests.IO;

/// <summary>A fact that is skipped, and reported as skipped, where no Python with NumPy is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NumpyFactAttribute : FactAttribute
{
    public NumpyFactAttribute()
    {
        if (Python.WithNumpy is null) Skip = "python3 with numpy is not installed";
    }
}

/// <summary>Finds and runs a Python that has NumPy.</summary>
internal static class Python
{
    public static string? WithNumpy { get; } = Array.Find(["/usr/bin/python3", "python3"], p => Run(p, "-c", "import numpy") is { ExitCode: 0 });

    public static (int ExitCode, string Output)? Run(string python, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, text + errors.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>NumPy reads what we write, bit for bit, and we read what it writes.</summary>
public sealed class NumpyTests : IDisposable
{
    // Copies every array through NumPy's memory: C and Fortran order, both byte orders, all versions, stored and deflated.
    private const string Script = """
        import sys, glob, os, numpy as np
        folder = sys.argv[1]
        arrays = {}
        for path in sorted(glob.glob(os.path.join(folder, 'in', '*.npy'))):
            name = os.path.basename(path)[:-4]
            a = arrays[name] = np.load(path)
            out = lambda kind: os.path.join(folder, 'out', kind + '-' + name + '.npy')
            np.save(out('c'), a)
            np.save(out('fortran'), np.array(a, order='F'))
            np.save(out('big'), a.byteswap().newbyteorder('>'))
            for version in (2, 3):
                with open(out('v%d' % version), 'wb') as f:
                    np.lib.format.write_array(f, a, version=(version, 0))
        np.savez(os.path.join(folder, 'stored.npz'), **arrays)
        np.savez_compressed(os.path.join(folder, 'deflated.npz'), **arrays)
        for path in ('ours.npz', 'ours-deflated.npz'):
            with np.load(os.path.join(folder, path)) as archive:
                assert archive.files == list(arrays), (archive.files, list(arrays))
                for name in archive.files:
                    a, b = archive[name], arrays[name]
                    assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), name
                    assert str(a.dtype) + str(list(a.shape)).replace(' ', '') == name.split('_', 1)[1], (name, a.dtype, a.shape)
        print('arrays:', len(arrays))
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [NumpyFact]
    public void FilesPassThroughNumpyUnchanged()
    {
        var random = new Random(6);
        Directory.CreateDirectory(folder["in"]);
        Directory.CreateDirectory(folder["out"]);
        var tensors = new OrderedDictionary<string, Tensor>();
        for (int i = 0; i < 42; i++)
        {
            Tensor x = Samples.Random(random, Samples.AllTypes[i % 7], i < 7 ? [] : i < 14 ? [3, 0, 2] : Samples.Shape(random));
            tensors.Add($"{i:00}_{NumpyName(x.DType)}{x.Shape.ToString().Replace(" ", "", StringComparison.Ordinal)}", x);
        }
        foreach ((string name, Tensor x) in tensors) Npy.Write(folder[$"in/{name}.npy"], x);
        Npz.Write(folder["ours.npz"], tensors);
        Npz.Write(folder["ours-deflated.npz"], tensors, compress: true);

        (int exitCode, string output) = Python.Run(Python.WithNumpy!, "-c", Script, folder.Root)!.Value;

        Assert.True(exitCode == 0, output);
        Assert.Equal("arrays: 42", output.Trim());
        foreach (string archive in (string[])["stored.npz", "deflated.npz"])
        {
            IReadOnlyDictionary<string, Tensor> read = Npz.Read(folder[archive]);
            Assert.Equal(tensors.Keys, read.Keys);
            foreach ((string name, Tensor x) in tensors) Samples.AssertSame(x, read[name]);
        }
        foreach ((string name, Tensor x) in tensors)
        {
            foreach (string kind in (string[])["c", "fortran", "big", "v2", "v3"]) Samples.AssertSame(x, Npy.Read(folder[$"out/{kind}-{name}.npy"]));
        }
    }

    private static string NumpyName(DType dtype) => dtype switch
    {
        DType.F16 => "float16",
        DType.F32 => "float32",
        DType.F64 => "float64",
        DType.I32 => "int32",
        DType.I64 => "int64",
        DType.U8 => "uint8",
        _ => "bool",
    };
}
