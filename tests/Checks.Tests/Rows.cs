namespace Engine.Checks.Tests;

/// <summary>The catalogue as theory data, whole and in part.</summary>
internal static class Rows
{
    public static TheoryData<string> All => [.. Catalogue.Rows.Select(r => r.Name)];

    /// <summary>The rows of ops, without layers and losses.</summary>
    public static TheoryData<string> Ops => [.. Catalogue.Rows.Where(r => !IsLayer(r)).Select(r => r.Name)];

    /// <summary>The rows of layers and losses.</summary>
    public static TheoryData<string> Layers => [.. Catalogue.Rows.Where(IsLayer).Select(r => r.Name)];

    public static TheoryData<string> Elementwise => [.. Catalogue.Rows.Where(r => r.Scalar is not null).Select(r => r.Name)];

    public static TheoryData<string> WithOperands => [.. Catalogue.Rows.Where(r => r.Op is not ("iota" or "eye")).Select(r => r.Name)];

    private static bool IsLayer(OpInfo row) => row.Name.Contains(" layer", StringComparison.Ordinal) || row.Name.EndsWith(" loss", StringComparison.Ordinal);
}
