namespace Engine.Checks;

/// <summary>Layers, family by family.</summary>
internal static class LayerRows
{
    public static OpInfo[] All { get; } =
    [
        .. ActivationLayerRows.All,
        .. MatrixLayerRows.All,
        .. NormLayerRows.All,
        .. ImageLayerRows.All,
        .. SequenceLayerRows.All,
        .. CompositeLayerRows.All,
        .. GraphLayerRows.All,
    ];
}
