using System.Text.Json;
using Engine.Autograd.Duality;
using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Cli.Tests;

public sealed class OrthogonalizeTests
{
    [Theory]
    [InlineData("fast", 2, 0.04)]
    [InlineData("default", 3, 1e-3)]
    [InlineData("high", 9, 1e-5)]
    [InlineData("exact", 0, 1e-5)]
    public void TheFactorIsWrittenWithItsErrors(string accuracy, int steps, double error)
    {
        using var folder = new TestFolder();
        Tensor g = Ops.RandomNormal(RandomKey.FromSeed(1), [2, 24, 16]) * 1e-20;
        Npy.Write(folder["g.npy"], g);
        JsonElement json = EngineProcess.Run(folder.Root, "orthogonalize", "g.npy", "--accuracy", accuracy, "--out", "o.npy", "--json").Json();

        string[] names = ["command", "shape", "dtype", "accuracy", "steps", "orthogonality_error", "polar_residual", "seconds", "gflops", "out"];
        Assert.Equal(accuracy == "exact" ? names.Except(["gflops"]) : names, json.EnumerateObject().Select(p => p.Name));
        Assert.Equal([2, 24, 16], json.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32()));
        Assert.Equal(steps, json.GetProperty("steps").GetInt32());
        Assert.InRange(json.GetProperty("orthogonality_error").GetDouble(), 0, 2 * error);
        Assert.InRange(json.GetProperty("polar_residual").GetDouble(), 0, 2 * error);
        Tensor o = Npy.Read(folder["o.npy"]);
        Assert.Equal(Polar.Factor(g, Enum.Parse<PolarAccuracy>(accuracy, ignoreCase: true)).ToArray<float>(), o.ToArray<float>());
    }

    [Fact]
    public void ATableIsPrintedForPeople()
    {
        using var folder = new TestFolder();
        Npy.Write(folder["g.npy"], Ops.RandomNormal(RandomKey.FromSeed(2), [5, 8], DType.F64));
        EngineResult result = EngineProcess.Run(folder.Root, "orthogonalize", "g.npy");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches(@"^matrices       f64\[5, 8\]\northogonality  \S+ from orthonormal\npolar residual \S+\ntime           \S+ ms, \S+ GFLOP/s\n$", result.Output);
        Assert.Equal([folder["g.npy"]], folder.Everything);
    }

    [Fact]
    public void WrongInputIsNamed()
    {
        using var folder = new TestFolder();
        Npy.Write(folder["vector.npy"], Tensor.Of([1f, 2]));
        Npy.Write(folder["counts.npy"], Tensor.Of(new[,] { { 1, 2 } }));
        Npy.Write(folder["nan.npy"], Tensor.Of(new[,] { { 1f, float.NaN } }));
        Assert.Equal("engine orthogonalize: vector.npy: is [2], expected matrices [.., m, n]", Bad("vector.npy"));
        Assert.Equal("engine orthogonalize: counts.npy: holds i32, expected floating numbers", Bad("counts.npy"));
        Assert.Equal("engine orthogonalize: nan.npy: element 1 is not finite, and such a matrix has no polar factor", Bad("nan.npy"));
        Assert.StartsWith("engine orthogonalize: ", Bad("none.npy"), StringComparison.Ordinal);
        Assert.Equal("engine orthogonalize: --accuracy 'best' is unknown, expected fast, default, high or exact", Bad("nan.npy", "--accuracy", "best"));
        Assert.StartsWith("engine orthogonalize: --out .: is a folder", Bad("nan.npy", "--out", "."), StringComparison.Ordinal);

        string Bad(params string[] arguments) => EngineProcess.Run(folder.Root, ["orthogonalize", .. arguments]).BadInput().TrimEnd('\n');
    }
}
