using System.Xml.Linq;
using Engine.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Architecture.Tests;

/// <summary>Dependencies point one way: between projects, and between the folders of Engine.Tensors.</summary>
public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> AllowedProjects = new()
    {
        ["Tensors"] = [],
        ["Autograd"] = ["Tensors"],
        ["Optim"] = ["Autograd"],
        ["Checks"] = ["Autograd"],
        ["Cli"] = ["Tensors", "Autograd", "Optim", "Checks"],
    };

    // What each folder may name types of. DefaultDevice.cs is the one place where a lower folder is given an upper one's type: Device.Cpu.
    private static readonly Dictionary<string, string[]> AllowedFolders = new()
    {
        ["Core"] = [],
        ["Primitives"] = ["Core"],
        ["Planning"] = ["Core", "Primitives"],
        ["Cpu"] = ["Core", "Primitives", "Planning"],
        ["Reference"] = ["Core", "Primitives", "Planning"],
        ["IO"] = ["Core", "Primitives", "Planning"],
    };

    [Fact]
    public void ProjectsReferenceOnlyTheOnesBelowThem()
    {
        foreach (string folder in Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src")))
        {
            string name = Path.GetFileName(folder);
            Assert.True(AllowedProjects.ContainsKey(name), $"src/{name} is not in the dependency order: add it to docs/architecture.md and here.");
            string project = Assert.Single(Directory.EnumerateFiles(folder, "*.csproj"));
            string[] references = [.. XDocument.Load(project).Descendants("ProjectReference")
                .Select(r => Path.GetFileName(Path.GetDirectoryName((string)r.Attribute("Include")!)!))];
            Assert.All(references, r => Assert.Contains(r, AllowedProjects[name]));
        }
    }

    [Fact]
    public void TensorsFoldersNameOnlyTypesOfFoldersBelowThem()
    {
        CSharpCompilation compilation = Compile();
        Dictionary<SyntaxTree, string> folderOf = [];
        foreach (SyntaxTree tree in compilation.SyntaxTrees)
        {
            if (tree.FilePath.Length == 0) continue;
            string[] parts = Repository.Relative(tree.FilePath).Split('/');
            if (parts.Length < 4) continue;
            Assert.True(AllowedFolders.ContainsKey(parts[2]), $"src/Tensors/{parts[2]} is not in the folder order: add it to docs/architecture.md and here.");
            folderOf[tree] = parts[2];
        }
        SortedSet<string> wrong = new(StringComparer.Ordinal);
        foreach ((SyntaxTree tree, string folder) in folderOf)
        {
            if (tree.FilePath.EndsWith("DefaultDevice.cs", StringComparison.Ordinal)) continue;
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (model.GetSymbolInfo(name).Symbol is not INamedTypeSymbol type) continue;
                string[] homes = [.. type.DeclaringSyntaxReferences.Select(r => folderOf.GetValueOrDefault(r.SyntaxTree)).OfType<string>().Distinct()];
                if (homes.Length == 0 || homes.Contains(folder) || homes.Any(AllowedFolders[folder].Contains)) continue;
                wrong.Add($"{Repository.Relative(tree.FilePath)} names {type.Name}, which lives in {string.Join(", ", homes)}");
            }
        }
        Assert.Empty(wrong);
    }

    // Layers name their norms, so norms know no layer.
    [Fact]
    public void DualityKnowsNoLayer() => Assert.All(
        Repository.Sources("src/Autograd/Duality"), path => Assert.DoesNotContain("Layers", File.ReadAllText(path), StringComparison.Ordinal));

    private static CSharpCompilation Compile()
    {
        const string usings = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading;";
        string platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        return CSharpCompilation.Create(
            "Sources",
            Repository.Sources("src/Tensors").Select(p => CSharpSyntaxTree.ParseText(File.ReadAllText(p), path: p)).Append(CSharpSyntaxTree.ParseText(usings)),
            platform.Split(Path.PathSeparator).Where(p => p.Length > 0 && !Path.GetFileName(p).StartsWith("Engine.", StringComparison.Ordinal)).Select(p => MetadataReference.CreateFromFile(p)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
    }
}
