using Engine.Tensors;
using Engine.Testing;
using Engine.Testing.Programs;
using FsCheck.Fluent;
using Property = Engine.Testing.Property;

namespace Engine.Checks.Tests;

/// <summary>The adapter of the property library and its generators: they fail, shrink, repeat, and refuse to hold for want of cases.</summary>
public sealed class PropertyTests(Tally tally) : IClassFixture<Tally>
{
    [Fact]
    public void ViewsHoldTheElementsOfTheirCopies() => Count(Property.Check("view = copy", Arbitraries.Tensors(), t =>
    {
        Assert.Equal(t.Shape, t.ToTensor().Shape);
        Assert.Equal(t.ToCopy().ToArray<double>(), (t.ToTensor() + 0).ToArray<double>());
        Assert.Equal(t.ToCopy().ToArray<double>(), t.ToTensor().Reshape(t.Shape.Count).ToArray<double>());
    }, 300, t => [t.View.Name == "row-major" ? "plain" : "view"], new Share("view", 40)));

    [Fact]
    public void BroadcastingIsSymmetricAndSumsBack() => Count(Property.Check("broadcast", Arbitraries.Shapes(4), Arbitraries.Tensors(4), (shape, t) =>
    {
        Tensor ones = Tensor.Ones(shape, DType.F64);
        Tensor? sum = Try(() => t.ToTensor() + ones), other = Try(() => ones + t.ToTensor());
        Assert.Equal(sum?.Spec, other?.Spec);
        if (sum is not null) Assert.Equal(sum.ToArray<double>(), other!.ToArray<double>());
    }, 300));

    [Fact]
    public void AFailureIsShrunkAndSaysHowToRepeatIt()
    {
        Action<ProgramCase> body = p => Assert.DoesNotContain("halfProduct", p.Root.ToString(), StringComparison.Ordinal);
        PropertyException e = Assert.Throws<PropertyException>(() => Property.Check("no product", ProgramCase.Arbitrary(smooth: true), body, 400));
        Assert.Contains("FSCHECK_REPLAY=", e.Message, StringComparison.Ordinal);
        Assert.Matches(@"halfProduct\((x|0), (x|0)\) at \[1, 1\] \[0\]", e.Message);
    }

    [Fact]
    public void AVacuousPropertyFails()
    {
        PropertyException e = Assert.Throws<PropertyException>(() =>
            Property.Check("vacuous", Gen.Choose(0, 9).ToArbitrary(), _ => { }, 100, i => i > 9 ? ["large"] : [], new Share("large", 1)));
        Assert.Matches("^vacuous: only 0.0 % of [0-9]+ values are large, 1 % are required.$", e.Message);
    }

    [Fact]
    public void TheSameSeedGivesTheSameValues()
    {
        List<string> first = [], second = [];
        Property.Check("first", ProgramCase.Arbitrary(smooth: false), p => first.Add(p.ToString()), 20);
        Property.Check("second", ProgramCase.Arbitrary(smooth: false), p => second.Add(p.ToString()), 20);
        Assert.Equal(first, second);
        Assert.True(first.Distinct().Count() > first.Count * 3 / 4);
    }

    private static Tensor? Try(Func<Tensor> call)
    {
        try
        {
            return call();
        }
        catch (ShapeException)
        {
            return null;
        }
    }

    private void Count(PropertyResult result) => tally.Add(result.Name, result.Tests);
}
