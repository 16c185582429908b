using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Engine.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Engine.Architecture.Tests;

/// <summary>Every C# block of the README and the docs is compiled and run.</summary>
public sealed partial class DocumentationCodeTests
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        """;

    public static TheoryData<string, int> Blocks()
    {
        var data = new TheoryData<string, int>();
        foreach (string file in Documents())
        {
            int count = CodeBlock().Count(File.ReadAllText(file));
            for (int i = 0; i < count; i++) data.Add(Repository.Relative(file), i);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void BlockCompilesAndRuns(string file, int index)
    {
        string code = CodeBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)))[index].Groups[1].Value;
        Assembly program = Compile(code, out string errors) ?? throw new Xunit.Sdk.XunitException($"{file}, block {index}:\n{errors}");
        MethodInfo main = program.EntryPoint!;
        TextWriter console = Console.Out;
        try
        {
            Console.SetOut(TextWriter.Null);
            main.Invoke(null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
        }
    }

    [Fact]
    public void ReadmeShowsAnExample() => Assert.Contains("README.md", Blocks().Select(row => (string)row[0]));

    private static IEnumerable<string> Documents() =>
        ((string[])["README.md", "CONTRIBUTING.md"]).Select(f => Path.Combine(Repository.Root, f))
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories));

    private static Assembly? Compile(string code, out string errors)
    {
        string platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        IEnumerable<MetadataReference> references = platform.Split(Path.PathSeparator).Where(p => p.Length > 0).Distinct()
            .Select(p => MetadataReference.CreateFromFile(p));
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Documentation" + Guid.NewGuid().ToString("N"),
            [CSharpSyntaxTree.ParseText(Usings), CSharpSyntaxTree.ParseText(code)],
            references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        errors = string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error));
        if (!result.Success) return null;
        image.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(image);
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
