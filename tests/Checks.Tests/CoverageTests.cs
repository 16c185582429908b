using System.Reflection;
using Engine.Autograd;
using Engine.Optim;
using Engine.Tensors;
using Module = Engine.Autograd.Layers.Module;

namespace Engine.Checks.Tests;

/// <summary>Every primitive, every public function of tensors and every public layer has a row of the catalogue.</summary>
public sealed class CoverageTests
{
    // A copy is made when an op runs, and iota has no operand, so neither can appear in the graph of a row.
    private static readonly string[] NeverTraced = ["CopyOp", "IotaOp"];

    // Static classes whose functions work on tensors and have no rows.
    private static readonly Dictionary<string, string> WithoutRows = new()
    {
        ["Transform"] = "takes functions to functions: every proof of every row goes through it",
        ["Function"] = "compiles and runs functions: the proof that compiled ops are eager ones goes through it",
        ["SharpnessAware"] = "takes a loss and gives its gradient at moved weights: tested in tests/Optim.Tests/Optimizers",
        ["Tree"] = "lists the tensors of a tree and computes nothing",
        ["Initializers"] = "draws weights from a key and has no operands: tested in tests/Autograd.Tests/Layers/InitializerTests.cs",
    };

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
    public void EveryPublicFunctionHasARow()
    {
        HashSet<string> rows = new(Catalogue.Rows.Where(r => !IsLayer(r)).Select(r => r.Op), StringComparer.OrdinalIgnoreCase), ops = [.. Functions(typeof(Ops))];
        // A row is called after the function, or after class and function where Ops has one of that name.
        string[] missing =
        [
            .. PublicTypes().Where(t => !WithoutRows.ContainsKey(t.Name)).SelectMany(t => Functions(t)
                .Where(f => !rows.Contains($"{t.Name}.{f}") && !((t == typeof(Ops) || !ops.Contains(f)) && rows.Contains(f)))
                .Select(f => $"{t.Name}.{f}")),
        ];
        Assert.True(missing.Length == 0, $"Public functions of tensors without a row in src/Checks/Catalogue: {string.Join(", ", missing)}.");
        Assert.All(WithoutRows.Keys, name => Assert.Contains(PublicTypes(), t => t.Name == name));
    }

    [Fact]
    public void EveryPublicLayerHasARow()
    {
        HashSet<string> rows = [.. Catalogue.Rows.Where(IsLayer).Select(r => r.Op)];
        IEnumerable<Type> layers = typeof(Module).Assembly.GetExportedTypes().Where(t => t.IsSubclassOf(typeof(Module)) && !t.IsAbstract);
        string[] missing = [.. layers.Select(t => t.Name).Where(n => !rows.Contains(n))];
        Assert.True(missing.Length == 0, $"Public layers without a row in src/Checks/Catalogue: {string.Join(", ", missing)}.");
    }

    [Fact]
    public void RowNamesAreUnique() =>
        Assert.Equal(Catalogue.Rows.Count, Catalogue.Rows.Select(r => r.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());

    [Fact]
    public void RowsWithoutDerivativesSayWhy() =>
        Assert.All(Catalogue.Rows.Where(r => r.Derivative != DerivativeCheck.Differences), r => Assert.False(string.IsNullOrEmpty(r.Note), $"{r.Name} gives no reason."));

    private static bool IsLayer(OpInfo row) => row.Name.Contains(" layer", StringComparison.Ordinal);

    private static IEnumerable<Type> PublicTypes() => new[] { typeof(Ops), typeof(Transform), typeof(Schedule) }
        .SelectMany(t => t.Assembly.GetExportedTypes()).Where(t => t.IsAbstract && t.IsSealed && Functions(t).Any());

    /// <summary>The functions of a static class from tensors or random keys to tensors, alone or in something that holds them.</summary>
    private static IEnumerable<string> Functions(Type type) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Where(m => HoldsTensors(m.ReturnType) && m.GetParameters().Any(p => HoldsTensors(p.ParameterType) || p.ParameterType == typeof(RandomKey)))
            .Select(m => m.Name).Distinct();

    private static bool HoldsTensors(Type type) =>
        type == typeof(Tensor) || type.IsGenericParameter || (type.IsArray && HoldsTensors(type.GetElementType()!)) || type.GenericTypeArguments.Any(HoldsTensors)
        || (type != typeof(RandomKey) && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ITree<>)));

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
