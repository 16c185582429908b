using Engine.Tensors;

namespace Engine.Checks.Tests;

/// <summary>Elementwise ops on every element type they take, and what they say of the others.</summary>
public sealed class DTypeTests(Tally tally) : IClassFixture<Tally>
{
    public static TheoryData<string> Elementwise => Rows.Elementwise;

    [Theory]
    [MemberData(nameof(Elementwise))]
    public void IntegersAndBoolAgreeWithTheReferenceDevice(string name)
    {
        OpInfo row = Catalogue.Find(name);
        foreach (DType type in (DType[])[DType.I32, DType.I64, DType.U8, DType.Bool])
        {
            var g = new Generator(6, name, (int)type);
            double[][] values = [.. row.ScalarOperands.Select(_ => Enumerable.Range(0, 40).Select(_ => (double)Draw(g, type)).ToArray())];
            Tensor[] on(Device? device) =>
                [.. values.Select((v, i) => TypedValues.Make(v, [40], row.ScalarOperands[i].DType == DType.Bool ? DType.Bool : type, device))];
            Tensor cpu;
            try
            {
                cpu = row.Function!(on(null));
            }
            catch (DTypeException e)
            {
                Assert.Matches("^[a-z][A-Za-z0-9]*: ", e.Message);
                Assert.Throws<DTypeException>(() => row.Function!(on(Rows.Reference)));
                tally.Add("element types refused by name");
                continue;
            }
            Tensor reference = row.Function!(on(Rows.Reference));
            Assert.Equal(reference.Spec, cpu.Spec);
            Assert.Equal(TypedValues.Read(reference), TypedValues.Read(cpu));
            tally.Add($"{type.Name()} = reference device, exactly", 40);
        }
    }

    private static long Draw(Generator g, DType type) => type switch
    {
        DType.Bool => g.Integer(0, 1),
        DType.U8 => g.Integer(0, 255),
        DType.I32 => g.OneIn(8) ? g.Pick(int.MinValue, int.MaxValue, 0, -1) : g.Integer(-1000, 1000),
        _ => g.OneIn(8) ? g.Pick(-(1L << 52), 1L << 52, 0, -1) : g.Integer(-1000, 1000),
    };
}
