using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Autograd.Duality;
using Engine.Tensors;
using Engine.Tensors.Cpu;
using Engine.Tensors.IO;

namespace Engine.Cli;

/// <summary><c>engine orthogonalize</c>: the polar factor of the matrices in an npy file, with what is known of its errors.</summary>
internal static class OrthogonalizeCommand
{
    private const string Usual = "default";

    public static Verb Create()
    {
        var file = new Argument<string>("FILE.npy") { Description = "Matrices [.., m, n] of f32, f64 or f16." };
        Option<string?> accuracy = Arguments.OneOf("--accuracy", $"How close to the polar factor. [default: {Usual}]", "fast", "default", "high", "exact");
        Option<string?> output = Arguments.Text("--out", "FILE.npy", "Where the result goes; nowhere when omitted.");
        Option<int?> threads = Arguments.Count("--threads", "Threads to compute on. [default: all cores]", most: 1024);
        Option<bool> json = Arguments.Json();
        const string Description = "Computes the nearest matrix with orthonormal rows or columns, U V^T of U S V^T, and measures how orthonormal and how near it is.";
        var command = new Command("orthogonalize", Description) { file, accuracy, output, threads, json };
        return new(command, p => Run(p.GetRequiredValue(file), p.GetValue(accuracy) ?? Usual, p.GetValue(output), p.GetValue(threads), p.GetValue(json)),
            "engine orthogonalize gradient.npy --out update.npy",
            "engine orthogonalize weights.npy --accuracy exact --json");
    }

    private static int Run(string path, string name, string? target, int? threads, bool json)
    {
        if (target is not null && Directory.Exists(target)) throw new UserErrorException($"--out {target}: is a folder, expected a file to write");
        PolarAccuracy accuracy = Enum.Parse<PolarAccuracy>(name, ignoreCase: true);
        Tensor g = Npy.Read(path);
        if (!g.DType.IsFloating()) throw new UserErrorException($"{path}: holds {g.DType.Name()}, expected floating numbers");
        if (g.Rank < 2 || g.Count == 0) throw new UserErrorException($"{path}: is {g.Shape}, expected matrices [.., m, n]");
        int bad = Array.FindIndex(g.Cast(DType.F64).ToArray<double>(), v => !double.IsFinite(v));
        if (bad >= 0) throw new UserErrorException($"{path}: element {bad} is not finite, and such a matrix has no polar factor");
        g = g.To(new CpuDevice(threads));

        Compiled<Tensor, Tensor> factor = Function.Compile((Tensor x) => Polar.Factor(x, accuracy));
        // The first run makes the plan.
        factor.Invoke(g);
        var clock = Stopwatch.StartNew();
        Tensor o = factor.Invoke(g);
        double seconds = clock.Elapsed.TotalSeconds;
        var result = new OrthogonalizeOutput(
            "orthogonalize", [.. g.Shape], g.DType.Name(), name, Polar.Steps(accuracy), Orthogonality(o), Residual(g, o), Math.Round(seconds, 6),
            Polar.Flops(g.Shape, accuracy) is { } flops ? Math.Round(flops / seconds * 1e-9, 2) : null, target);
        if (target is not null) Write(target, o);
        if (json) Console.WriteLine(JsonSerializer.Serialize(result, CliJson.Default.OrthogonalizeOutput));
        else Print(result);
        return ExitCode.Success;
    }

    /// <summary>|O O^T - I|_F / sqrt(k) on the shorter side k, the worst of all matrices: 1 or less where a matrix has no full rank.</summary>
    private static double Orthogonality(Tensor o)
    {
        Tensor x = o.Cast(DType.F64), wide = x.Shape[^2] > x.Shape[^1] ? x.T : x;
        Tensor error = wide.MatMul(wide.T) - Ops.Eye(wide.Shape[^2], dtype: DType.F64);
        return Math.Sqrt(Ops.Max(Ops.Sum(Ops.Square(error), [-2, -1])).ToScalar<double>() / wide.Shape[^2]);
    }

    /// <summary>
    /// |G - O H|_F / |G|_F with H the symmetric part of O^T G, or of G O^T in its place for wide matrices: 0 for the polar factor alone among matrices with orthonormal
    /// rows or columns and a positive semidefinite H. The worst of all matrices.
    /// </summary>
    private static double Residual(Tensor g, Tensor o)
    {
        Tensor x = g.Cast(DType.F64), q = o.Cast(DType.F64);
        // Squares of very large or small numbers would leave f64.
        if (VectorNorms.MaxEntry.Of(x).ToScalar<double>() is > 0 and double most) x = x / most;
        if (x.Shape[^2] < x.Shape[^1]) (x, q) = (x.T, q.T);
        Tensor h = q.T.MatMul(x), error = x - q.MatMul((h + h.T) * 0.5);
        Tensor part = Ops.Sum(Ops.Square(error), [-2, -1]), whole = Ops.Sum(Ops.Square(x), [-2, -1]);
        return Math.Sqrt(Ops.Max(Ops.Where(whole > 0, part / Ops.Where(whole > 0, whole, whole.Like(1)), part)).ToScalar<double>());
    }

    private static void Write(string target, Tensor result)
    {
        try
        {
            Npy.Write(target, result);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--out {target}: {e.Message}");
        }
    }

    private static void Print(OrthogonalizeOutput r)
    {
        string speed = r.Gflops is { } gflops ? string.Create(CultureInfo.InvariantCulture, $", {gflops:0.0} GFLOP/s") : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            matrices       {r.Dtype}[{string.Join(", ", r.Shape)}]
            orthogonality  {r.OrthogonalityError:0.0e+0} from orthonormal
            polar residual {r.PolarResidual:0.0e+0}
            time           {r.Seconds * 1e3:0.###} ms{speed}
            """));
        if (r.Out is not null) Console.WriteLine($"result         {r.Out}");
    }
}

/// <summary>What <c>engine orthogonalize --json</c> prints.</summary>
internal sealed record OrthogonalizeOutput(
    string Command, int[] Shape, string Dtype, string Accuracy, int Steps, double OrthogonalityError, double PolarResidual, double Seconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Gflops,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Out);
