using Engine.Autograd.Duality;

namespace Engine.Checks;

internal static class ProjectionRows
{
    public static OpInfo[] All { get; } =
    [
        new("projections.sll", Sll) { SingleTolerance = 1e-5, Domains = "[0.6, 2], scales in [-1, 1]", Note = "kinks where a product of rows is 0 and where a row's sum is 1" },
    ];

    /// <summary>Positive rows of four elements and more: products are positive and sums above 1.</summary>
    private static OpCase Sll(Generator g)
    {
        int rows = g.Integer(1, 3), columns = g.Integer(4, 5);
        Operand[] operands = [new([rows, columns]) { Domain = (0.6, 2), TakesWild = false }, new([rows]) { Domain = (-1, 1), TakesWild = false }];
        return new(xs => Projections.Sll(xs[0], xs[1]), operands, a => Grid.Build([rows, columns], at =>
        {
            double sum = 0;
            for (int j = 0; j < rows; j++)
            {
                double product = 0;
                for (int k = 0; k < columns; k++) product += a[0][at[0], k] * a[0][j, k];
                sum += Math.Abs(product) * Math.Exp(a[1][j] - a[1][at[0]]);
            }
            return a[0][at] / Math.Sqrt(Math.Max(1, sum));
        }));
    }
}
