using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>vmap(f) against f of every example: some operands batched, the others shared.</summary>
public static class BatchCheck
{
    private const int Size = 3;

    /// <summary>The greatest difference relative to max(1, |value|); null for an op without operands.</summary>
    /// <param name="sample">The call; more examples are drawn like it.</param>
    /// <param name="g">Draws the examples and which operands are batched.</param>
    /// <param name="device">Where the op runs; the default CPU when null.</param>
    public static double? Error(Sample sample, Generator g, Device? device = null)
    {
        int count = sample.Case.Operands.Length;
        if (count == 0) return null;
        Tensor[] shared = sample.Views(device);
        int must = g.Integer(0, count - 1);
        bool[] batched = [.. Enumerable.Range(0, count).Select(i => i == must || g.OneIn(2))];
        Tensor[][] examples = new Tensor[Size][];
        for (int e = 0; e < Size; e++)
        {
            Tensor[] drawn = sample.Redraw(g).Views(device);
            examples[e] = [.. drawn.Select((x, i) => batched[i] ? x : shared[i])];
        }
        int[] mapped = [.. Enumerable.Range(0, count).Where(i => batched[i])];
        TensorList stacked = new([.. mapped.Select(i => Stack(examples, i, device))]);
        TensorList result = Transform.Vmap<TensorList, TensorList>(list =>
        {
            Tensor[] operands = [.. shared];
            for (int i = 0; i < mapped.Length; i++) operands[mapped[i]] = list.Items[i];
            return new([sample.Function(operands)]);
        })(stacked);
        List<double> expected = [];
        foreach (Tensor[] example in examples) expected.AddRange(TypedValues.Read(sample.Function(example)));
        return RowCheck.Distance(TypedValues.Read(result.Items[0]), expected.ToArray());
    }

    /// <summary>One operand of all examples along a new first axis, put together without the engine's ops.</summary>
    private static Tensor Stack(Tensor[][] examples, int operand, Device? device)
    {
        Tensor first = examples[0][operand];
        double[] values = [.. examples.SelectMany(e => TypedValues.Read(e[operand]))];
        return TypedValues.Make(values, first.Shape.Insert(0, examples.Length), first.DType, device);
    }
}
