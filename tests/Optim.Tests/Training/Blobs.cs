using Engine.Optim.Data;

namespace Engine.Optim.Tests.Training;

/// <summary>Small made-up data: points around three centres, and a linear function of them.</summary>
internal static class Blobs
{
    public const int Columns = 4;

    private static readonly string[] Names = ["a", "b", "c", "d"];

    public static DataSet Classes(int rows, int seed = 0)
    {
        var random = new Random(seed);
        float[] features = new float[rows * Columns];
        long[] labels = new long[rows];
        for (int i = 0; i < rows; i++)
        {
            labels[i] = i % 3;
            for (int c = 0; c < Columns; c++) features[(i * Columns) + c] = (float)((c == labels[i] ? 2 : 0) + random.NextDouble() - 0.5);
        }
        return DataSet.ForClasses("blobs", Names, features, labels, ["x", "y", "z"]);
    }

    public static DataSet Targets(int rows, int seed = 0)
    {
        var random = new Random(seed);
        float[] features = new float[rows * Columns];
        float[] targets = new float[rows];
        for (int i = 0; i < rows; i++)
        {
            for (int c = 0; c < Columns; c++)
            {
                features[(i * Columns) + c] = (float)(random.NextDouble() - 0.5);
                targets[i] += (c - 1) * features[(i * Columns) + c];
            }
        }
        return DataSet.ForTargets("line", Names, features, targets);
    }
}
