using Engine.Tensors;

namespace Engine.Autograd;

public static partial class ControlFlow
{
    /// <summary>
    /// All prefixes x0, x0 * x1, x0 * x1 * x2, ... of an associative operator, in 2 log2(n) levels of independent applications, fewer than 2 n in all (Blelloch 1990). For an
    /// operator that is not associative the result is that of this bracketing. Differentiable like any op; <c>Scan</c> goes through a sequence one by one instead.
    /// </summary>
    /// <param name="combine">
    /// From two neighbours, the earlier first, to one element of the same form. It sees single elements, without the axis; it is traced once and mapped over a level. Outer tensors
    /// may be used.
    /// </param>
    /// <param name="elements">Leaves with the same length along the axis.</param>
    /// <param name="axis">The axis of the sequence, in every leaf; negative counts from the end of each.</param>
    /// <param name="reversed">From the last element to the first: the last one comes first in every product, results stay at the place of their element.</param>
    /// <exception cref="ShapeException">The lengths differ, or the operator changes the form of an element.</exception>
    public static T AssociativeScan<T>(Func<T, T, T> combine, T elements, int axis = 0, bool reversed = false)
        where T : ITree<T>
    {
        Tensor[] leaves = Tree.Leaves(elements);
        int[] axes = new int[leaves.Length];
        for (int i = 0; i < leaves.Length; i++)
        {
            axes[i] = Along(leaves[i], axis);
            if (leaves[i].Shape[axes[i]] != leaves[0].Shape[axes[0]])
                throw new ShapeException($"associativeScan: the tensors have {leaves[0].Shape[axes[0]]} and {leaves[i].Shape[axes[i]]} elements along axis {axis}. Lengths must be equal.");
        }
        if (leaves.Length == 0 || leaves[0].Shape[axes[0]] < 2) return elements;
        Tensor[] x = [.. leaves.Select((leaf, i) => Turned(Ops.MoveAxis(leaf, axes[i], 0), reversed))];
        TensorSpec[] specs = [.. x.Select(leaf => new TensorSpec(leaf.DType, leaf.Shape[1..]))];
        Graph operation = Graph.Of("associativeScan", [.. specs, .. specs], s =>
            Next("associativeScan", elements.WithLeaves(s.AsSpan(0, x.Length)), combine(elements.WithLeaves(s.AsSpan(0, x.Length)), elements.WithLeaves(s.AsSpan(x.Length)))))
            .Lift(out Tensor[] captured);
        Tensor[] prefixes = Prefixes(operation, captured, x);
        return elements.WithLeaves([.. prefixes.Select((p, i) => Ops.MoveAxis(Turned(p, reversed), 0, axes[i]))]);
    }

    /// <summary>Pairs are combined, their prefixes are those at odd places, and one more application each gives the even ones.</summary>
    private static Tensor[] Prefixes(Graph operation, Tensor[] captured, Tensor[] x)
    {
        int n = x[0].Shape[0], half = n / 2;
        if (n < 2) return x;
        Tensor[] odd = Prefixes(operation, captured, Level(operation, captured, Every(x, 0, 2 * half), Every(x, 1, 2 * half)));
        if (n == 2) return [.. x.Zip(odd, (a, b) => Ops.Concat([a[..1], b], 0))];
        int evens = (n - 1) / 2;
        Tensor[] even = Level(operation, captured, [.. odd.Select(o => o[..evens])], Every(x, 2, n));
        return [.. x.Select((leaf, i) =>
        {
            Tensor first = Ops.Concat([leaf[..1], even[i]], 0);
            Tensor paired = Ops.Stack([first[..half], odd[i]], 1).Reshape([2 * half, .. leaf.Shape[1..]]);
            return n > 2 * half ? Ops.Concat([paired, first[half..]], 0) : paired;
        })];
    }

    /// <summary>The operator on two lists of elements, place by place.</summary>
    private static Tensor[] Level(Graph operation, Tensor[] captured, Tensor[] a, Tensor[] b)
    {
        bool[] mapped = [.. Enumerable.Repeat(true, 2 * a.Length), .. captured.Select(_ => false)];
        return Batching.Map(operation, [.. a, .. b, .. captured], mapped, a[0].Shape[0]);
    }

    private static Tensor[] Every(Tensor[] x, int start, int end) => Array.ConvertAll(x, leaf => leaf[Slice.Every(2, start..end)]);

    private static int Along(Tensor x, int axis)
    {
        if (x.Rank == 0) throw new ShapeException($"associativeScan: a sequence needs an axis to go along, got {x.Spec}.");
        if (axis < -x.Rank || axis >= x.Rank) throw new ShapeException($"associativeScan: axis {axis} is out of range for {x.Shape}. Use {-x.Rank} to {x.Rank - 1}.");
        return axis < 0 ? axis + x.Rank : axis;
    }

    private static Tensor Turned(Tensor x, bool reversed) => reversed ? Ops.Flip(x, [0]) : x;
}
