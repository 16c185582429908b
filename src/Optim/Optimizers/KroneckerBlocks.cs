using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// How a weight is cut for Kronecker-factored statistics, which cost d^2 numbers for an axis of length d (Anil et al., "Scalable Second Order Optimization for Deep Learning",
/// 2020, section 4): axes of length 1 go, neighbouring small axes of tensors with more than two become one, and long axes are cut into blocks with statistics of their own.
/// </summary>
/// <param name="Block">The longest piece of an axis, and the longest product of axes that become one.</param>
/// <param name="Limit">Axes longer than this are neither cut nor given statistics, as for the vocabulary of an embedding.</param>
/// <param name="Merge">Whether small axes become one.</param>
/// <param name="OneSided">Whether only the first axis that is not too long has statistics.</param>
/// <exception cref="ArgumentException">A length is below 1.</exception>
public sealed record KroneckerBlocks(int Block = 128, int Limit = 8192, bool Merge = true, bool OneSided = false)
{
    /// <summary>The longest piece of an axis.</summary>
    public int Block { get; } = Block >= 1 ? Block : throw new ArgumentException($"kroneckerBlocks: the block must be at least 1, got {Block}.");

    /// <summary>The longest axis with statistics.</summary>
    public int Limit { get; } = Limit >= 1 ? Limit : throw new ArgumentException($"kroneckerBlocks: the limit must be at least 1, got {Limit}.");

    /// <summary>
    /// The axes of a weight after merging: for three and more, neighbours become one while their product is at most the block. At least two stay where there are two longer than 1.
    /// </summary>
    public Shape Merged(Shape shape)
    {
        int[] axes = [.. shape.Lengths.ToArray().Where(d => d != 1)];
        if (!Merge || axes.Length <= 2) return Shape.Create(axes);
        List<int> merged = [];
        foreach (int d in axes)
        {
            if (merged.Count > 0 && (long)merged[^1] * d <= Block) merged[^1] *= d;
            else merged.Add(d);
        }
        return merged.Count > 1 ? Shape.Create([.. merged]) : [axes[0], axes[1..].Aggregate(1, (a, b) => a * b)];
    }

    /// <summary>The pieces of a weight, those of one size stacked: tensors [pieces, d1, .., dk] with the merged axes.</summary>
    public Tensor[] Split(Tensor x) => new KroneckerPartition(this, x.Shape).Split(x);

    /// <summary>The weight that <see cref="Split"/> took apart.</summary>
    /// <param name="pieces">What it returned.</param>
    /// <param name="shape">The weight's shape.</param>
    public Tensor Join(IReadOnlyList<Tensor> pieces, Shape shape) => new KroneckerPartition(this, shape).Join(pieces);
}

/// <summary>The cut of one shape.</summary>
internal sealed class KroneckerPartition
{
    private readonly Shape shape;
    private readonly int[] axes;
    private readonly bool[] measured;
    private readonly Run[][] groups;

    public KroneckerPartition(KroneckerBlocks blocks, Shape shape)
    {
        this.shape = shape;
        axes = [.. blocks.Merged(shape).Lengths];
        measured = Array.ConvertAll(axes, d => d <= blocks.Limit);
        if (blocks.OneSided)
        {
            int first = Array.IndexOf(measured, true);
            for (int i = 0; i < axes.Length; i++) measured[i] &= i == first;
        }
        IEnumerable<Run[]> all = [[]];
        for (int i = 0; i < axes.Length; i++)
        {
            Run[] runs = measured[i] ? Cut(axes[i], blocks.Block) : [new(0, 1, axes[i])];
            all = [.. all.SelectMany(start => runs.Select(r => (Run[])[.. start, r]))];
        }
        groups = [.. all];
    }

    /// <summary>Vectors and scalars have no factors, nor have tensors whose axes are all too long.</summary>
    public bool IsFactored => axes.Length > 1 && measured.Contains(true) && shape.Count > 0;

    /// <summary>Number of axes with statistics.</summary>
    public int FactorCount => measured.Count(m => m);

    /// <summary>Number of sizes of pieces.</summary>
    public int GroupCount => groups.Length;

    /// <summary>Number of merged axes.</summary>
    public int AxisCount => axes.Length;

    /// <summary>Whether pieces of a group have statistics along an axis: a piece of length 1 has none, as in the authors' code.</summary>
    public bool HasFactor(int group, int axis) => measured[axis] && groups[group][axis].Length > 1;

    /// <summary>The form of a group's pieces, [pieces, d1, .., dk].</summary>
    public Shape PieceShape(int group) => [Pieces(groups[group]), .. groups[group].Select(r => r.Length)];

    /// <summary>The form of a group's statistics along an axis, [pieces, d, d].</summary>
    public Shape FactorShape(int group, int axis) => [Pieces(groups[group]), groups[group][axis].Length, groups[group][axis].Length];

    public Tensor[] Split(Tensor x)
    {
        Tensor merged = x.Reshape(axes);
        return Array.ConvertAll(groups, runs =>
        {
            Tensor region = merged;
            for (int i = 0; i < runs.Length; i++)
                if (runs[i].Count * runs[i].Length != axes[i]) region = Ops.Narrow(region, i, runs[i].Start, runs[i].Count * runs[i].Length);
            return region.Reshape([.. runs.SelectMany(r => (int[])[r.Count, r.Length])]).Permute(Order(1)).Reshape([Pieces(runs), .. runs.Select(r => r.Length)]);
        });
    }

    public Tensor Join(IReadOnlyList<Tensor> pieces)
    {
        Tensor[] regions = new Tensor[groups.Length];
        for (int g = 0; g < regions.Length; g++)
        {
            Run[] runs = groups[g];
            Tensor apart = pieces[g].Reshape([.. runs.Select(r => r.Count), .. runs.Select(r => r.Length)]);
            regions[g] = apart.Permute(Order(2)).Reshape([.. runs.Select(r => r.Count * r.Length)]);
        }
        // The last axis runs fastest through the groups.
        for (int axis = axes.Length - 1; axis >= 0; axis--)
        {
            int runs = groups.Select(g => g[axis].Start).Distinct().Count();
            if (runs > 1) regions = [.. regions.Chunk(runs).Select(r => Ops.Concat(r, axis))];
        }
        return regions[0].Reshape(shape.Lengths);
    }

    /// <summary>
    /// Of [c1, d1, c2, d2, ..] to [c1, c2, .., d1, d2, ..], or, for 2, back.
    /// </summary>
    private int[] Order(int way)
    {
        int k = axes.Length;
        return way == 1
            ? [.. Enumerable.Range(0, k).Select(i => 2 * i), .. Enumerable.Range(0, k).Select(i => (2 * i) + 1)]
            : [.. Enumerable.Range(0, k).SelectMany(i => (int[])[i, k + i])];
    }

    private static int Pieces(Run[] runs) => runs.Aggregate(1, (count, r) => count * r.Count);

    /// <summary>As many whole blocks as there are, and the rest.</summary>
    private static Run[] Cut(int length, int block)
    {
        int whole = length / block * block;
        if (whole == 0) return [new(0, 1, length)];
        return whole == length ? [new(0, length / block, block)] : [new(0, length / block, block), new(whole, 1, length - whole)];
    }

    /// <summary>Equal pieces of an axis, one after another.</summary>
    private readonly record struct Run(int Start, int Count, int Length);
}
