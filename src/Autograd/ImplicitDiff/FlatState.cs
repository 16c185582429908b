using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>Trees of floating tensors of one element type as vectors, for solvers that see their unknowns as one.</summary>
internal sealed class FlatState<T>
    where T : ITree<T>
{
    private readonly string op;
    private readonly T form;
    private readonly TensorSpec[] specs;

    public FlatState(string op, T form)
    {
        this.op = op;
        this.form = form;
        specs = Array.ConvertAll(Tree.Leaves(form), l => l.Spec);
        if (specs.Sum(s => s.Shape.Count) == 0) throw new ShapeException($"{op}: the state has no elements.");
        foreach (TensorSpec spec in specs)
        {
            if (spec.DType is not (DType.F32 or DType.F64) || spec.DType != specs[0].DType)
                throw new DTypeException($"{op}: the state must be all f32 or all f64, got {string.Join(", ", specs)}. Cast its leaves.");
        }
    }

    public TensorSpec Spec => new(specs[0].DType, [specs.Sum(s => s.Shape.Count)]);

    public Tensor Pack(T tree)
    {
        if (!form.StructureKey.Equals(tree.StructureKey)) throw new ShapeException($"{op}: the function returns another structure than the state's. Return the same leaves, in their order.");
        Tensor[] leaves = Tree.Leaves(tree);
        for (int i = 0; i < leaves.Length; i++)
        {
            if (leaves[i].Spec != specs[i]) throw new ShapeException($"{op}: leaf {i} of the state is {specs[i]}, the function returns {leaves[i].Spec}. It must keep the form of the state.");
        }
        return leaves.Length == 1 ? leaves[0].Reshape(leaves[0].Count) : Ops.Concat([.. leaves.Select(l => l.Reshape(l.Count))], 0);
    }

    public T Unpack(Tensor vector) => Unpack(vector, null);

    /// <summary>Vectors stacked along axis 0 as a tree of stacked leaves.</summary>
    public T UnpackStacked(Tensor vectors) => Unpack(vectors, vectors.Shape[0]);

    private T Unpack(Tensor vectors, int? count)
    {
        Tensor[] leaves = new Tensor[specs.Length];
        for (int i = 0, at = 0; i < specs.Length; i++)
        {
            Shape shape = specs[i].Shape;
            leaves[i] = Ops.Narrow(vectors, vectors.Rank - 1, at, shape.Count).Reshape(count is { } n ? shape.Insert(0, n).Lengths : shape.Lengths);
            at += shape.Count;
        }
        return form.WithLeaves(leaves);
    }
}
