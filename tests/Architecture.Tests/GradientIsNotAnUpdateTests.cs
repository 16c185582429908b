using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Engine.Architecture.Tests;

/// <summary>A gradient is a dual vector: adding it to weights does not compile, and adding the update a norm makes of it does.</summary>
public sealed class GradientIsNotAnUpdateTests
{
    [Theory]
    [InlineData("weights - 0.1 * gradient")]
    [InlineData("weights + gradient")]
    [InlineData("weights + weights")]
    [InlineData("update + gradient")]
    [InlineData("gradient - update")]
    public void DoesNotCompile(string expression)
    {
        Diagnostic error = Assert.Single(Errors($"var moved = {expression};"));
        Assert.Equal("CS0019", error.Id);
    }

    [Theory]
    [InlineData("Weights moved = weights - 0.1 * Norm.Euclidean.Riesz(gradient);")]
    [InlineData("Weights moved = weights + -0.1 * update;")]
    [InlineData("Update way = weights - weights;")]
    [InlineData("Gradient sum = gradient + 2 * gradient;")]
    [InlineData("(Update step, _) = new Adam(1e-3).Step(gradient, state, weights); Weights moved = weights + step;")]
    [InlineData("Optimizer optimizer = new ClipByGlobalNorm(1) >> new Sgd(0.1);")]
    public void Compiles(string statement) => Assert.Empty(Errors(statement));

    // A clipped gradient is still a gradient, so stages without a map to updates are no optimizer.
    [Fact]
    public void StagesWithoutAMapAreNoOptimizer()
    {
        Assert.Equal("CS0029", Assert.Single(Errors("Optimizer optimizer = new ClipByGlobalNorm(1) >> new Momentum();")).Id);
        Assert.Equal("CS0019", Assert.Single(Errors("Optimizer optimizer = new ClipByGlobalNorm(1) >> new ScaleByLearningRate(0.1);")).Id);
    }

    private static Diagnostic[] Errors(string statement)
    {
        string source = $$"""
            using Engine.Autograd;
            using Engine.Optim;

            public static class Snippet
            {
                public static void Run(Weights weights, Gradient gradient, Update update, OptimizerState state)
                {
                    {{statement}}
                }
            }
            """;
        string platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        IEnumerable<MetadataReference> references = platform.Split(Path.PathSeparator).Where(p => p.Length > 0).Select(p => MetadataReference.CreateFromFile(p));
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Snippet", [CSharpSyntaxTree.ParseText(source)], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        return [.. compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error)];
    }
}
