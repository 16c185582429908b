namespace Engine.Checks;

/// <summary>Every op of the engine, one row or more for each: what all generic tests and the gradient check run over.</summary>
public static class Catalogue
{
    /// <summary>All rows, family by family.</summary>
    public static IReadOnlyList<OpInfo> Rows { get; } =
    [
        .. ArithmeticRows.All,
        .. ActivationRows.All,
        .. ExponentialRows.All,
        .. TrigonometricRows.All,
        .. SpecialRows.All,
        .. RoundingRows.All,
        .. ComparisonRows.All,
        .. SelectRows.All,
        .. LayoutRows.All,
        .. WindowRows.All,
        .. JoiningRows.All,
        .. ReductionRows.All,
        .. CompositeRows.All,
        .. MatMulRows.All,
        .. EinsumRows.All,
        .. FactorRows.All,
        .. SpectrumRows.All,
        .. PolarRows.All,
        .. ProjectionRows.All,
        .. KroneckerRows.All,
        .. FourierRows.All,
        .. ComplexRows.All,
        .. ConvolutionRows.All,
        .. ConvolutionVariantRows.All,
        .. AttentionRows.All,
        .. IndexingRows.All,
        .. OrderRows.All,
        .. ScanRows.All,
        .. SegmentRows.All,
        .. MatrixRows.All,
        .. RandomRows.All,
        .. DistributionRows.All,
        .. RegionRows.All,
        .. SolutionRows.All,
        .. SolverRows.All,
        .. OdeRows.All,
        .. CurvatureRows.All,
        .. ControlFlowRows.All,
        .. AssociativeScanRows.All,
        .. LayerRows.All,
        .. LossRows.All,
    ];

    /// <summary>The row of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static OpInfo Find(string name) =>
        Rows.FirstOrDefault(r => r.Name == name) ?? throw new ArgumentException($"checks: no row is called '{name}'. List them with Catalogue.Rows.");
}
