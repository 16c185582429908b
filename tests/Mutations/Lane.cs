namespace Engine.Mutations;

/// <summary>Some tests of a project.</summary>
/// <param name="Project">The folder under <c>tests</c>.</param>
/// <param name="Filter">What <c>dotnet test --filter</c> takes; null for all.</param>
public sealed record Stage(string Project, string? Filter)
{
    /// <summary>The assembly, from the root of the repository.</summary>
    public string Assembly => $"tests/{Project}/bin/Release/net10.0/Engine.{Project}.dll";

    /// <inheritdoc/>
    public override string ToString() => Filter is null ? Project : $"{Project} ({Filter.Replace("FullyQualifiedName", "", StringComparison.Ordinal)})";
}

/// <summary>Which tests a mutant meets, in which order: those most likely to see it first, then all.</summary>
public static class Lane
{
    // The first folder or file name that a mutant's path begins with decides.
    private static readonly (string Path, Stage[] First)[] Table =
    [
        ("src/Tensors/Core/PortableMath/", [Tensors("AccuracyTests", "Tests.SpecialValueTests", "FingerprintTests"), Checks("SpecialValueTests", "ForwardTests")]),
        ("src/Tensors/Core/", [Checks("ForwardTests", "LayoutTests", "IllTypedTests", "GradientTests", "DTypeTests")]),
        ("src/Tensors/Primitives/Random", [Tensors("RandomTests"), Checks("DistributionTests", "ForwardTests")]),
        ("src/Tensors/Primitives/Con", [Checks("ForwardTests", "GradientTests", "IllTypedTests"), Tensors("Convolution")]),
        ("src/Tensors/Primitives/", [Checks("ForwardTests", "GradientTests", "SubgradientTests", "MatrixTests", "IllTypedTests", "OrderTests", "ScanTests")]),
        ("src/Tensors/Reference/", [Tensors(".Reference."), Checks("ForwardTests", "DTypeTests")]),
        ("src/Tensors/Cpu/Cholesky", [Tensors(".Factorizations."), Checks("MatrixTests", "ForwardTests")]),
        ("src/Tensors/Cpu/Lu", [Tensors(".Factorizations."), Checks("MatrixTests", "ForwardTests")]),
        ("src/Tensors/Cpu/Qr", [Tensors(".Factorizations."), Checks("MatrixTests", "ForwardTests")]),
        ("src/Tensors/Cpu/Gemm", [Tensors("GemmTests", "ProductTests", ".Cpu.EpilogueTests"), Tensors(".Cpu.")]),
        ("src/Tensors/Cpu/Gemv", [Tensors("ProductTests", "GemmTests"), Tensors(".Cpu.")]),
        ("src/Tensors/Cpu/", [Tensors(".Cpu."), Checks("ForwardTests", "LayoutTests", "MatrixTests", "OrderTests", "GradientTests")]),
        ("src/Tensors/Planning/", [Tensors(".Planning.", ".Cpu.EpilogueTests", "ExecutableTests"), new("Autograd.Tests", "FullyQualifiedName~CompileTests"), Checks("ProgramTests", "LayoutTests")]),
        ("src/Tensors/IO/", [Tensors(".IO.")]),
        ("src/Autograd/Layers/", [new("Autograd.Tests", "FullyQualifiedName~.Layers."), Checks("ForwardTests")]),
        ("src/Autograd/Duality/", [new("Autograd.Tests", "FullyQualifiedName~.Duality."), new("Optim.Tests", null)]),
        ("src/Autograd/", [new("Autograd.Tests", null), Checks("RunnerTests", "GradientTests")]),
        ("src/Optim/Data/", [new("Optim.Tests", "FullyQualifiedName~.Data."), new("Cli.Tests", null)]),
        ("src/Optim/", [new("Optim.Tests", null)]),
        ("src/Checks/", [Checks("RunnerTests", "ProofTests", "PropertyTests"), Checks("ForwardTests", "GradientTests", "AttentionTests")]),
        ("src/Cli/", [new("Cli.Tests", null)]),
    ];

    // MutationDataTests compares the mutants with the files, so it would fail for every one.
    private static readonly Stage[] All =
    [
        new("Checks.Tests", null), new("Tensors.Tests", null), new("Autograd.Tests", null), new("Optim.Tests", null), new("Cli.Tests", null),
        new("PublicApi.Tests", null), new("Architecture.Tests", "FullyQualifiedName!~MutationDataTests"),
    ];

    /// <summary>The test projects.</summary>
    public static IEnumerable<string> Projects => All.Select(s => s.Project);

    /// <summary>The stages a mutant goes through until one fails: those of the table, all tests of its own project, then everything else.</summary>
    public static IReadOnlyList<Stage> For(Mutant mutant) =>
        [.. FirstFor(mutant.File), .. All.Except(FirstFor(mutant.File)).OrderBy(s => mutant.File.StartsWith($"src/{s.Project.Replace(".Tests", "/", StringComparison.Ordinal)}", StringComparison.Ordinal) ? 0 : 1)];

    /// <summary>The stages before all tests; none for a path that is not in the table.</summary>
    public static IReadOnlyList<Stage> FirstFor(string file) => Array.Find(Table, t => file.StartsWith(t.Path, StringComparison.Ordinal)).First ?? [];

    private static Stage Tensors(params string[] names) => Named("Tensors.Tests", names);

    private static Stage Checks(params string[] names) => Named("Checks.Tests", names);

    private static Stage Named(string project, string[] names) => new(project, string.Join('|', names.Select(n => $"FullyQualifiedName~{n}")));
}
