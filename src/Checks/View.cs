using Engine.Tensors;

namespace Engine.Checks;

/// <summary>A way to see part of a larger tensor, so that an operand does not lie row-major in memory.</summary>
/// <param name="Name">The layout, for messages.</param>
/// <param name="Base">Shape of the tensor that is viewed.</param>
/// <param name="Apply">From that tensor to the view.</param>
public sealed record View(string Name, Shape Base, Func<Tensor, Tensor> Apply)
{
    /// <summary>A random view of a shape: row-major, permuted, sliced, flipped, broadcast, or two of these.</summary>
    public static View Of(Shape shape, Generator g)
    {
        View last = One(shape, g);
        if (shape.Rank == 0 || g.OneIn(2)) return last;
        View first = One(last.Base, g);
        return new($"{first.Name} {last.Name}", first.Base, x => last.Apply(first.Apply(x)));
    }

    private static View One(Shape shape, Generator g) => (shape.Rank == 0 ? 0 : g.Integer(0, 5)) switch
    {
        1 => Permuted(shape, g),
        2 => Sliced(shape, g),
        3 => Flipped(shape, g),
        4 => Broadcast(shape, g),
        _ => new("row-major", shape, x => x),
    };

    private static View Permuted(Shape shape, Generator g)
    {
        int[] order = g.Permutation(shape.Rank), lengths = new int[shape.Rank];
        for (int i = 0; i < order.Length; i++) lengths[order[i]] = shape[i];
        return new("permuted", Shape.Create(lengths), x => x.Permute(order));
    }

    private static View Sliced(Shape shape, Generator g)
    {
        int[] lengths = new int[shape.Rank];
        Slice[] places = new Slice[shape.Rank];
        for (int i = 0; i < lengths.Length; i++)
        {
            int n = shape[i], start = g.Integer(0, 1), step = g.OneIn(3) ? 2 : 1, span = n == 0 ? 0 : ((n - 1) * step) + 1;
            lengths[i] = start + span + g.Integer(0, 1);
            places[i] = Slice.Every(step, start..(start + span));
        }
        return new("sliced", Shape.Create(lengths), x => x[places]);
    }

    private static View Flipped(Shape shape, Generator g)
    {
        int axis = g.Axis(shape.Rank);
        return new("flipped", shape, x => Ops.Flip(x, axis));
    }

    private static View Broadcast(Shape shape, Generator g) => new("broadcast", g.Broadcastable(shape), x => x.BroadcastTo(shape));
}
