using System.Globalization;

namespace Engine.Tensors;

/// <summary>Where a factorization ended: the matrix of the batch, the pivot and its value.</summary>
/// <param name="Matrix">Number of the matrix, row-major over the batch axes.</param>
/// <param name="Pivot">Index of the pivot; -1 when nothing failed.</param>
/// <param name="Value">The pivot.</param>
internal readonly record struct MatrixFailure(long Matrix, int Pivot, double Value)
{
    /// <summary>No failure.</summary>
    public static MatrixFailure None => new(0, -1, 0);

    /// <summary>True when a pivot failed.</summary>
    public bool Happened => Pivot >= 0;

    /// <summary>The error of a matrix that is not positive definite.</summary>
    public LinearAlgebraException NotPositiveDefinite(string op, Shape batch) => new(string.Create(CultureInfo.InvariantCulture,
        $"{op}: {Name(batch)} is not positive definite: pivot {Pivot} is {Value:g6}. Check that it is symmetric, or add a multiple of the identity."));

    /// <summary>The error of a singular matrix.</summary>
    public LinearAlgebraException Singular(string op, Shape batch) =>
        new($"{op}: {Name(batch)} is singular: pivot {Pivot} is 0. Remove dependent rows or columns, or add a multiple of the identity.");

    /// <summary>The error of an iteration that does not end.</summary>
    public LinearAlgebraException NotConverged(string op, Shape batch) =>
        new($"{op}: the iteration for {Name(batch)} does not converge at number {Pivot}. Scale the matrix, or report it: no such matrix is known.");

    private string Name(Shape batch)
    {
        if (batch.Rank == 0) return "the matrix";
        int[] index = new int[batch.Rank];
        long rest = Matrix;
        for (int axis = batch.Rank - 1; axis >= 0; axis--) (rest, index[axis]) = (rest / batch[axis], (int)(rest % batch[axis]));
        return $"matrix [{string.Join(", ", index)}] of the batch";
    }
}
