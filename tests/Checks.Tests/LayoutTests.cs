using Engine.Tensors;
using Engine.Testing;

namespace Engine.Checks.Tests;

/// <summary>Where the elements of an operand lie in memory, and how many threads work, changes no bit of a result.</summary>
public sealed class LayoutTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> WithOperands => Rows.WithOperands;

    [Theory]
    [MemberData(nameof(WithOperands))]
    public void ViewsGiveTheBitsOfCopies(string name)
    {
        OpInfo row = Catalogue.Find(name);
        for (int i = 0; i < Cases.Scaled(24); i++)
        {
            Scale scale = i % 8 == 0 ? Scale.Large : Scale.Small;
            Sample sample = Sample.Draw(row, new Generator(4, name, i) { Scale = scale });
            foreach (DType type in (DType[])[DType.F64, DType.F32])
            {
                Same(sample, sample.Function(sample.Views(null, type)), sample.Function(sample.Copies(null, type)));
                tally.Add("op(view) = op(copy), bit for bit");
            }
        }
    }

    [Theory]
    [MemberData(nameof(WithOperands))]
    public void AnyNumberOfThreadsGivesTheSameBits(string name)
    {
        OpInfo row = Catalogue.Find(name);
        for (int i = 0; i < Cases.Scaled(3); i++)
        {
            Sample sample = Sample.Draw(row, new Generator(5, name, i) { Scale = Scale.Large });
            foreach (DType type in (DType[])[DType.F64, DType.F32])
            {
                Tensor first = sample.Function(sample.Views(Rows.Threads[0], type));
                foreach (Device device in Rows.Threads.AsSpan(1))
                {
                    Same(sample, sample.Function(sample.Views(device, type)), first);
                    tally.Add("1, 2, 3, 4 and 8 threads, bit for bit");
                }
            }
        }
    }

    private static void Same(Sample sample, Tensor a, Tensor b)
    {
        Assert.Equal(a.Spec, b.Spec);
        Assert.True(TypedValues.Bits(a).AsSpan().SequenceEqual(TypedValues.Bits(b)), $"{sample.Row.Name}: {sample}: the bits differ in {a.DType.Name()}.");
    }
}
