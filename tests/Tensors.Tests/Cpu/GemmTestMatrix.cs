using System.Numerics;

namespace Engine.Tensors.Tests.Cpu;

public enum Layout
{
    Rows,
    Columns,
    PaddedRows,
    EverySecond,
    ReversedRows,
    ReversedColumns,
    RepeatedRow,
    RepeatedColumn,
}

/// <summary>A matrix in some layout inside an array, filled with numbers that provoke rounding, cancellation, underflow and signed zeros.</summary>
internal sealed class GemmTestMatrix<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public readonly T[] Data;
    public readonly int Offset;
    public readonly nint Row;
    public readonly nint Column;

    public GemmTestMatrix(int rows, int columns, Layout layout, int seed)
    {
        (Row, Column) = layout switch
        {
            Layout.Rows => (columns, 1),
            Layout.Columns => (1, rows),
            Layout.PaddedRows => (columns + 5, 1),
            Layout.EverySecond => (2 * columns + 1, 2),
            Layout.ReversedRows => (-columns, 1),
            Layout.ReversedColumns => (columns, -1),
            Layout.RepeatedRow => (0, 1),
            Layout.RepeatedColumn => (1, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };
        var lowest = Math.Min(0, Row * (rows - 1)) + Math.Min(0, Column * (columns - 1));
        var highest = Math.Max(0, Row * (rows - 1)) + Math.Max(0, Column * (columns - 1));
        Offset = (int)-lowest;
        Data = new T[Math.Max(1, highest - lowest + 1)];
        var random = new Random(seed);
        for (var i = 0; i < Data.Length; i++)
            Data[i] = Next(random);
    }

    public T this[int i, int j] => Data[Offset + i * Row + j * Column];

    private static T Next(Random random) => random.Next(40) switch
    {
        0 => T.Zero,
        1 => T.NegativeZero,
        2 => Tiny(random),
        3 => -Tiny(random),
        4 => T.CreateChecked(random.NextDouble() * 1e6),
        _ => T.CreateChecked(random.NextDouble() * 2 - 1),
    };

    // Products of two of these underflow to a signed zero.
    private static T Tiny(Random random) => T.CreateChecked(typeof(T) == typeof(float) ? 1e-30 * random.NextDouble() : 1e-200 * random.NextDouble());
}
