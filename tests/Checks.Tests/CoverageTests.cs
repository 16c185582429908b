using System.Reflection;
using Engine.Tensors;

namespace Engine.Checks.Tests;

/// <summary>Every primitive and every public function has a row of the catalogue.</summary>
public sealed class CoverageTests
{
    // A copy is made when an op runs, iota has no operand, and an estimated inverse appears in derivatives only, so none can appear in the graph of a row.
    private static readonly string[] NeverTraced = ["CopyOp", "IotaOp", "EstimateOp"];

    private static readonly Dictionary<OpInfo, HashSet<string>> Graphs = Catalogue.Rows.ToDictionary(r => r, Traced);

    [Fact]
    public void EveryPrimitiveHasARow()
    {
        HashSet<string> covered = [.. Catalogue.Rows.SelectMany(r => r.Covers), .. Catalogue.Rows.SelectMany(ResultPrimitives)];
        string[] missing = [.. Primitives().Where(p => !covered.Contains(p))];
        Assert.True(missing.Length == 0, $"Primitives without a row in src/Checks/Catalogue: {string.Join(", ", missing)}.");
    }

    [Fact]
    public void RowsCoverWhatTheyClaim()
    {
        string[] primitives = Primitives();
        foreach (OpInfo row in Catalogue.Rows)
        {
            foreach (string claim in row.Covers)
            {
                Assert.True(primitives.Contains(claim), $"{row.Name} claims to cover {claim}, which does not exist.");
                Assert.True(NeverTraced.Contains(claim) || Graphs[row].Contains(claim), $"{row.Name} claims to cover {claim}, which its graphs never hold.");
            }
        }
    }

    [Fact]
    public void EveryPublicOpHasARow()
    {
        HashSet<string> rows = new(Catalogue.Rows.Select(r => r.Op), StringComparer.OrdinalIgnoreCase);
        IEnumerable<string> functions = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(m => m.Name).Distinct();
        string[] missing = [.. functions.Where(n => !rows.Contains(n))];
        Assert.True(missing.Length == 0, $"Public functions of Ops without a row in src/Checks/Catalogue: {string.Join(", ", missing)}.");
    }

    [Fact]
    public void RowNamesAreUnique() =>
        Assert.Equal(Catalogue.Rows.Count, Catalogue.Rows.Select(r => r.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());

    [Fact]
    public void RowsWithoutDerivativesSayWhy() =>
        Assert.All(Catalogue.Rows.Where(r => r.Derivative != DerivativeCheck.Differences), r => Assert.False(string.IsNullOrEmpty(r.Note), $"{r.Name} gives no reason."));

    private static string[] Primitives() =>
    [
        .. new[] { "Tensors", "Autograd", "Optim", "Checks" }.SelectMany(a => Assembly.Load($"Engine.{a}").GetTypes())
            .Where(t => t.IsSubclassOf(typeof(Primitive)) && !t.IsAbstract).Select(t => t.Name),
    ];

    /// <summary>The primitives that give the results of a row; a case may be trivial and give back its operand.</summary>
    private static IEnumerable<string> ResultPrimitives(OpInfo row) =>
        Enumerable.Range(0, 8).Select(i => Graph(row, i)?.Outputs[0].Node?.Primitive?.GetType().Name).OfType<string>();

    /// <summary>The primitives in the graphs of some cases of a row, those of called functions included.</summary>
    private static HashSet<string> Traced(OpInfo row)
    {
        HashSet<string> names = [];
        for (int i = 0; i < 8; i++)
        {
            if (Graph(row, i) is { } graph) Collect(graph, names);
        }
        return names;
    }

    private static void Collect(Graph graph, HashSet<string> names)
    {
        foreach (Node node in graph.Nodes)
        {
            names.Add(node.Primitive!.GetType().Name);
            if (node.Primitive is IRegion region) Collect(region.Body, names);
        }
    }

    private static Graph? Graph(OpInfo row, int number)
    {
        Sample sample = Sample.Draw(row, new Generator(0, row.Name, number));
        TensorSpec[] specs = Array.ConvertAll(sample.Views(), v => v.Spec);
        return specs.Length == 0 ? null : Tensors.Graph.Of("coverage", specs, xs => [sample.Function(xs)]);
    }
}
