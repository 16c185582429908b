using System.Reflection;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Architecture.Tests;

/// <summary>Primitives are records whose attributes have value equality, so that equal records are one op.</summary>
public sealed class PrimitiveShapeTests
{
    private static readonly Assembly[] Assemblies = [typeof(Tensor).Assembly, typeof(Autograd.Transform).Assembly];

    private static IEnumerable<Type> Concrete<T>() => Assemblies.SelectMany(a => a.GetTypes()).Where(t => typeof(T).IsAssignableFrom(t) && !t.IsAbstract);

    [Fact]
    public void PrimitivesAndKernelsAreSealedRecords()
    {
        foreach (Type type in Concrete<Primitive>().Concat(Concrete<Kernel>()))
        {
            Assert.True(type.IsSealed, $"{type.Name} must be sealed.");
            Assert.NotNull(type.GetMethod("<Clone>$"));
        }
    }

    [Fact]
    public void AttributesAreValues()
    {
        foreach (Type type in Concrete<Primitive>().Concat(Concrete<Kernel>()))
        {
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            {
                Type t = field.FieldType;
                bool bad = t.IsArray || typeof(Delegate).IsAssignableFrom(t) || t == typeof(Tensor) || typeof(System.Collections.IList).IsAssignableFrom(t);
                Assert.False(bad, $"{type.Name}.{field.Name} is {t.Name}: attributes need value equality (Shape, Axes, numbers, Expr, Graph).");
            }
        }
    }

    [Fact]
    public void BackendsNeverSwitchOnOpNames()
    {
        foreach (string path in Repository.Sources("src/Tensors/Cpu", "src/Tensors/Reference", "src/Tensors/Planning"))
        {
            string text = File.ReadAllText(path);
            Assert.False(text.Contains(".Name ==", StringComparison.Ordinal) || text.Contains("switch (primitive.Name", StringComparison.Ordinal)
                || text.Contains("Name switch", StringComparison.Ordinal), $"{Repository.Relative(path)} chooses by an op's name.");
        }
    }
}
