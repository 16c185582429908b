namespace Engine.Tensors;

/// <summary>An op that is linear in its one operand: a transpose is all its derivative needs.</summary>
public abstract record LinearPrimitive : Primitive
{
    /// <summary>Element type and shape of the result.</summary>
    public abstract TensorSpec Infer(TensorSpec input);

    /// <summary>The transposed map, from the result's space to the operand's.</summary>
    public abstract Tensor Transpose(Tensor cotangent, TensorSpec input);

    /// <inheritdoc/>
    public sealed override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [Infer(inputs[0])];

    /// <inheritdoc/>
    public sealed override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        [inputs[0].DType.IsFloating() && cotangents[0] is { } cotangent ? Transpose(cotangent, inputs[0].Spec) : null];

    /// <inheritdoc/>
    public sealed override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) =>
        [outputs[0].DType.IsFloating() && tangents[0] is { } tangent ? Apply(tangent) : null];
}

/// <summary>A linear op that moves no data: it only changes where the elements are looked up.</summary>
public abstract record ViewPrimitive : LinearPrimitive
{
    /// <inheritdoc/>
    public sealed override bool TakesHalfWidth => true;

    /// <summary>The layout of the result over the operand's memory. False when only a row-major operand can be viewed so.</summary>
    public abstract bool TryView(Layout operand, Shape result, out Layout layout);

    /// <inheritdoc/>
    protected sealed override Tensor[] Evaluate(Tensor[] inputs, TensorSpec[] results)
    {
        Tensor x = inputs[0];
        if (!TryView(x.Layout, results[0].Shape, out Layout layout))
        {
            x = CopyOp.Instance.Apply(x);
            TryView(x.Layout, results[0].Shape, out layout);
        }
        return [new(x.Storage, layout, x.PreferredDevice)];
    }

    /// <inheritdoc/>
    public sealed override Kernel Lower(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs) =>
        throw new InvalidOperationException($"{Name}: a view has no kernel.");
}

/// <summary>An op that is linear in each of its two operands.</summary>
public abstract record BilinearPrimitive : Primitive
{
    /// <summary>The transposed map in the first operand, the second held.</summary>
    public abstract Tensor TransposeA(Tensor cotangent, Tensor b, TensorSpec a);

    /// <summary>The transposed map in the second operand, the first held.</summary>
    public abstract Tensor TransposeB(Tensor cotangent, Tensor a, TensorSpec b);

    /// <inheritdoc/>
    public sealed override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) =>
        cotangents[0] is { } ct ? [TransposeA(ct, inputs[1], inputs[0].Spec), TransposeB(ct, inputs[0], inputs[1].Spec)] : [null, null];

    /// <inheritdoc/>
    public sealed override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor? first = tangents[0] is { } ta ? Apply(ta, inputs[1]) : null;
        Tensor? second = tangents[1] is { } tb ? Apply(inputs[0], tb) : null;
        return [first is null ? second : second is null ? first : first + second];
    }
}

/// <summary>An op without a derivative. Nothing flows through a result that is no floating tensor; differentiating a floating one is an error.</summary>
public abstract record NonDifferentiablePrimitive : Primitive
{
    /// <inheritdoc/>
    public sealed override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        // Reverse mode asks of everything that depends on an input; behind StopGradient nothing will be wanted.
        if (inputs.Any(x => x.DType.IsFloating() && x.Node is { } node && node.Primitive is not IStopsDerivatives)) Refuse(outputs);
        return new Tensor?[inputs.Length];
    }

    /// <inheritdoc/>
    public sealed override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Refuse(outputs);
        return new Tensor?[outputs.Length];
    }

    private void Refuse(Tensor[] outputs)
    {
        foreach (Tensor output in outputs)
        {
            if (output.DType.IsFloating())
                throw new GradientException($"{Name}: has no derivative, and its result {output.Spec} was differentiated. Use StopGradient on its operand.");
        }
    }
}

/// <summary>An op through which no derivative flows.</summary>
internal interface IStopsDerivatives;
