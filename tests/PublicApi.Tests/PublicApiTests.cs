using System.Reflection;
using System.Text;
using Engine.Testing;

namespace Engine.PublicApi.Tests;

/// <summary>
/// The public surface of every library is written down in PublicAPI.txt beside its project. A change to it must be seen in a diff:
/// run the tests with UPDATE_PUBLIC_API=1 to write the files anew.
/// </summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Tensors")]
    [InlineData("Autograd")]
    [InlineData("Optim")]
    [InlineData("Checks")]
    public void SurfaceIsAsWrittenDown(string project)
    {
        string surface = Describe(Assembly.Load($"Engine.{project}"));
        string path = Path.Combine(Repository.Root, "src", project, "PublicAPI.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") == "1") File.WriteAllText(path, surface);
        Assert.True(File.Exists(path), $"src/{project}/PublicAPI.txt is missing: run the tests with UPDATE_PUBLIC_API=1.");
        string[] expected = File.ReadAllLines(path), actual = surface.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string added = string.Join('\n', actual.Except(expected).Take(10)), removed = string.Join('\n', expected.Except(actual).Take(10));
        Assert.True(
            expected.AsSpan().SequenceEqual(actual),
            $"The public surface of Engine.{project} changed. Run the tests with UPDATE_PUBLIC_API=1 and look at the diff.\nadded:\n{added}\nremoved:\n{removed}");
    }

    private static string Describe(Assembly assembly)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Type type in assembly.GetExportedTypes())
        {
            string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : "class";
            string modifiers = type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract && !type.IsInterface ? "abstract " : type.IsSealed && !type.IsValueType ? "sealed " : "";
            string based = type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) && b != typeof(Enum) ? $" : {Name(b)}" : "";
            lines.Add($"{modifiers}{kind} {Name(type)}{based}");
            const BindingFlags declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            foreach (MethodBase method in type.GetConstructors(declared).Cast<MethodBase>().Concat(type.GetMethods(declared)))
            {
                if (!(method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly) || method.Name.Contains('<') || method.DeclaringType == typeof(object)) continue;
                lines.Add($"{Name(type)}.{Signature(method)}");
            }
            foreach (FieldInfo field in type.GetFields(declared))
            {
                if ((field.IsPublic || field.IsFamily) && !field.IsSpecialName) lines.Add($"{Name(type)}.{field.Name}: {Name(field.FieldType)}");
            }
        }
        return string.Join('\n', lines) + "\n";
    }

    private static string Signature(MethodBase method)
    {
        var text = new StringBuilder();
        if (method.IsStatic) text.Append("static ");
        else if (method.IsAbstract) text.Append("abstract ");
        else if (method.IsVirtual && !method.IsFinal) text.Append("virtual ");
        text.Append(method.Name);
        if (method.IsGenericMethod) text.Append($"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>");
        text.Append($"({string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}{(p.IsOptional ? "?" : "")}"))})");
        if (method is MethodInfo info) text.Append($": {Name(info.ReturnType)}");
        return text.ToString();
    }

    private static string Name(Type type)
    {
        if (type.IsGenericParameter) return type.Name;
        if (type.IsByRef) return $"ref {Name(type.GetElementType()!)}";
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        string outer = type.DeclaringType is { } d ? $"{Name(d)}." : type.Namespace is { } n && n.StartsWith("Engine", StringComparison.Ordinal) ? $"{n}." : "";
        string own = type.Name.Split('`')[0];
        return type.IsGenericType ? $"{outer}{own}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : outer + own;
    }
}
