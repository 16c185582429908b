using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>Names and shapes of weights: what it takes to write them as one vector and to read them back.</summary>
public sealed class WeightForm
{
    private readonly Shape[] shapes;

    /// <summary>The form of some weights.</summary>
    public WeightForm(Weights like)
    {
        Names = like.Names;
        shapes = [.. like.Tensors.Select(t => t.Shape)];
        Count = shapes.Sum(s => s.Count);
    }

    /// <summary>The names, in leaf order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The shapes, in leaf order.</summary>
    public IReadOnlyList<Shape> Shapes => shapes;

    /// <summary>Number of elements: the length of the vector.</summary>
    public int Count { get; }

    /// <summary>The form of a module's weights.</summary>
    public static WeightForm Of(Module module) => new(module.Initialize(RandomKey.FromSeed(0)));

    /// <summary>The elements of all tensors, in leaf order and row-major, as a vector.</summary>
    /// <exception cref="ShapeException">The weights have another form.</exception>
    public Tensor Pack(Weights weights)
    {
        if (!weights.Names.SequenceEqual(Names) || !weights.Tensors.Select(t => t.Shape).SequenceEqual(shapes))
            throw new ShapeException($"weightForm: the weights have another form, got {weights.LeafCount} tensors with {weights.ElementCount} elements for {shapes.Length} with {Count}.");
        return shapes.Length == 0 ? Tensor.Zeros([0]) : Ops.Concat([.. weights.Tensors.Select(t => t.Reshape(t.Count))]);
    }

    /// <summary>The weights in a vector, as views of it.</summary>
    /// <exception cref="ShapeException">The vector has another length.</exception>
    public Weights Unpack(Tensor vector)
    {
        if (vector.Rank != 1 || vector.Count != Count)
            throw new ShapeException($"weightForm: the vector must be [{Count}], got {vector.Shape}. Flatten it, or map over a batch of them.");
        int start = 0;
        Tensor[] tensors = new Tensor[shapes.Length];
        for (int i = 0; i < tensors.Length; start += shapes[i++].Count) tensors[i] = Ops.Narrow(vector, 0, start, shapes[i].Count).Reshape(shapes[i].Lengths);
        return new(Names, tensors);
    }
}
