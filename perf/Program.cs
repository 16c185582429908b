using System.Globalization;
using Engine.Perf;
using Engine.Perf.Accuracy;
using Engine.Perf.Benchmarks;
using Engine.Perf.Compare;
using Engine.Perf.Functions;
using Engine.Perf.Generate;
using Engine.Perf.PlanOverhead;
using Engine.Tensors.Cpu;

switch (args)
{
    case ["gemm"]:
        GemmSuite.Run(1, SimdWidth.Gemm);
        return 0;
    case ["gemm", var threads]:
        GemmSuite.Run(int.Parse(threads, CultureInfo.InvariantCulture), SimdWidth.Gemm);
        return 0;
    case ["gemm", var threads, var width]:
        GemmSuite.Run(int.Parse(threads, CultureInfo.InvariantCulture), int.Parse(width, CultureInfo.InvariantCulture));
        return 0;
    case ["first-call"]:
        GemmSuite.FirstCalls(512);
        return 0;
    case ["first-call", var size]:
        GemmSuite.FirstCalls(int.Parse(size, CultureInfo.InvariantCulture));
        return 0;
    case ["fused"]:
        FusedSuite.Run();
        return 0;
    case ["functions"]:
        FunctionsSuite.Run();
        return 0;
    case ["plan"]:
        PlanSuite.Run();
        return 0;
    case ["plan-overhead"]:
        PlanOverheadSuite.Run();
        return 0;
    case ["smoke"]:
        return SmokeSuite.Run();
    case ["generate-tiles", var path]:
        TileGenerator.Write(path);
        return 0;
    case ["generate-convolution-tiles", var path]:
        ConvolutionTileGenerator.Write(path);
        return 0;
    case ["ulp", .. var options]:
        return UlpSuite.Run(options);
    case ["benchmark", .. var options]:
        return BenchmarkCommand.Run(options);
    case ["compare", .. var options]:
        return CompareCommand.Run(options);
    case ["compare-suite", var suite, var path]:
        return CompareCommand.RunSuite(suite, path);
    default:
        Console.Error.WriteLine("""
            usage: dotnet run -c Release --project perf -- <suite>
              compare [--suite all|gemm|elementwise|mlp|conv|attention|polar] [--output FOLDER]   the engine against other libraries (perf/peers/install.sh installs them)
              benchmark [--family all|matmul|elementwise|reduce|conv|attention|memory|train] [--filter GLOB] [--output FOLDER]   the engine alone over time, by BenchmarkDotNet
              gemm [threads [width]]   matrix products against the peak of the arithmetic units
              first-call [size]        time of each of the first matrix products in a fresh process
              fused                    elementwise kernels and kernels over rows: emitted loops and tiles against loops written by hand
              functions                time per element of the elementary functions, in nanoseconds and cycles
              plan                     time of tracing and planning a training step
              plan-overhead            a compiled training step against straight-line C# that calls the same kernels
              smoke                    a few ratios; fails when more than half of one is lost
              ulp [--stride N] [--samples N] [function]   errors of the elementary functions in units in the last place
              generate-tiles <path>    writes the unrolled register tiles (src/Tensors/Cpu/GemmTiles.g.cs)
              generate-convolution-tiles <path>   the same for convolutions (src/Tensors/Cpu/ConvolutionTiles.g.cs)
            """);
        return 2;
}
