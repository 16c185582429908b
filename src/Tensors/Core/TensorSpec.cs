namespace Engine.Tensors;

/// <summary>What is known of a tensor before it has values: element type and shape.</summary>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Axis lengths.</param>
public readonly record struct TensorSpec(DType DType, Shape Shape)
{
    /// <summary>The form used in messages: <c>f32[32, 784]</c>.</summary>
    public override string ToString() => $"{DType.Name()}{Shape}";
}
