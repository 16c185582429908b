using Engine.Tensors;
using Engine.Testing;

namespace Engine.Checks.Tests;

/// <summary>The value of every op is what its definition says, on the CPU and on the reference device.</summary>
public sealed class ForwardTests(Tally tally) : IClassFixture<Tally>
{
    private const double DoubleTolerance = 1e-12;

    public static TheoryData<string> All => Rows.All;

    [Theory]
    [MemberData(nameof(All))]
    public void ValueIsTheDefinition(string name)
    {
        OpInfo row = Catalogue.Find(name);
        for (int i = 0; i < Cases.Scaled(24); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(1, name, i));
            Compare("forward f64 = definition", sample, sample.Views(), sample.Expected(), DoubleTolerance);
            Compare("forward f32 = definition", sample, sample.Views(null, DType.F32), Rounded(sample.Expected(DType.F32)), row.SingleTolerance);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void SpecialValuesComeOutAsDefined(string name)
    {
        OpInfo row = Catalogue.Find(name);
        for (int i = 0; i < Cases.Scaled(12); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(2, name, i) { Wild = true });
            Compare("NaN, infinities, -0 and subnormals = definition", sample, sample.Views(), sample.Expected(), DoubleTolerance);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void CpuAndReferenceDeviceAgree(string name)
    {
        OpInfo row = Catalogue.Find(name);
        for (int i = 0; i < Cases.Scaled(6); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(3, name, i));
            foreach (DType type in (DType[])[DType.F64, DType.F32, DType.F16, DType.BF16])
            {
                double tolerance = type switch { DType.F64 => DoubleTolerance, DType.F32 => row.SingleTolerance, DType.F16 => 8e-3, _ => 6e-2 };
                Tensor reference = sample.Function(sample.Views(Rows.Reference, type));
                Tensor cpu = sample.Function(sample.Views(null, type));
                Assert.Equal(reference.Spec, cpu.Spec);
                double error = Rows.Distance(TypedValues.Read(cpu), TypedValues.Read(reference));
                Assert.True(error <= tolerance, $"{name}: case {i} in {type.Name()}: {sample}: off by {error:g3}, allowed {tolerance:g3}.");
                tally.Add($"CPU = reference device, {type.Name()}", 1, error);
            }
        }
    }

    private void Compare(string what, Sample sample, Tensor[] operands, Grid expected, double tolerance)
    {
        Tensor result = sample.Function(operands);
        Assert.True(expected.Shape == result.Shape, $"{sample.Row.Name}: {sample}: the shape is {result.Shape}, by definition {expected.Shape}.");
        double error = Rows.Distance(TypedValues.Read(result), expected.Values);
        Assert.True(error <= tolerance, $"{sample.Row.Name}: {sample}: off by {error:g3}, allowed {tolerance:g3}.");
        tally.Add(what, 1, error);
    }

    /// <summary>The definition in double precision, rounded to f32: what is beyond its range becomes infinite.</summary>
    private static Grid Rounded(Grid grid) => new(grid.Shape, Array.ConvertAll(grid.Values.ToArray(), v => (double)(float)v));
}
