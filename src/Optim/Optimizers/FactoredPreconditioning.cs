using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;

namespace Engine.Optim;

/// <summary>
/// Statistics S of gradients per axis of every piece of a weight, S = sum of G G^T over unfoldings G, and a factor made of each from time to time: a root, a basis. Weights with
/// one axis go through the roots of their squares. What the kinds share; they differ in their factors.
/// </summary>
/// <remarks>
/// State: <c>0.statistics.name.g.a</c> and <c>0.factors.name.g.a</c> per weight, group g of equal pieces and axis a, [pieces, d, d], starting at eps I and I;
/// <c>0.pending.name.g.a</c>, starting at I, with a delay above 1; <c>0.step</c>, i64; under <c>1</c> the state of the squares. Factors are made at steps 0, interval,
/// 2 interval, .. of the statistics with that step's gradient, and used from so many steps later on as the delay says: those of step t are a function of the statistics at step
/// floor((t - delay) / interval) interval, and I before step delay. Statistics take in the gradients of steps 0, every, 2 every, .. alone. Inside a compiled step only the steps that make
/// factors or statistics pay for them. A NaN in a gradient stays in the
/// statistics of its pieces and makes their updates NaN.
/// </remarks>
public abstract class FactoredPreconditioning : Preconditioning
{
    private const string Statistics = "statistics", Factors = "factors", Pending = "pending";

    private readonly SquareSum sum;
    private readonly double decay;
    private readonly double eps;
    private readonly int every;
    private readonly int delay;
    private readonly KroneckerBlocks blocks;
    private readonly DiagonalPreconditioning? diagonal;

    private protected FactoredPreconditioning(
        string name, SquareSum sum, double decay, double eps, int every, int interval, int delay, KroneckerBlocks? blocks, DiagonalPreconditioning? diagonal)
    {
        this.sum = sum;
        this.decay = Rules.Decay(name, "the decay", decay);
        this.eps = Rules.NotNegative(name, "eps", eps);
        this.every = Rules.Steps(name, "the interval of statistics", every);
        Interval = Rules.Steps(name, "the interval", interval);
        this.delay = delay >= 0 && delay <= interval ? delay : throw new ArgumentException($"{name}: the delay must lie in [0, {interval}], the interval, got {delay}.");
        this.blocks = blocks ?? new();
        this.diagonal = diagonal;
    }

    /// <summary>Steps from one making of factors to the next.</summary>
    private protected int Interval { get; }

    /// <summary>Factors that wait for more than one step need a place of their own.</summary>
    private bool HasPending => delay > 1;

    /// <inheritdoc/>
    public sealed override OptimizerState Initialize(Weights weights)
    {
        FactoredLeaves plan = new(blocks, weights.Names, weights.Tensors);
        Tensor[] identities = [.. plan.Keys.Select(k => Identity(plan.FactorShape(k), plan.TypeOf(k)))];
        List<string> names = [.. plan.Names(Statistics), .. plan.Names(Factors)];
        List<Tensor> tensors = [.. identities.Select(i => i * eps), .. identities];
        if (HasPending)
        {
            names.AddRange(plan.Names(Pending));
            tensors.AddRange(identities);
        }
        return OptimizerState.Join(
            [
                new([.. names, Accumulator.Step], [.. tensors, Accumulator.NoSteps()]),
                diagonal?.Initialize(new Weights(plan.DiagonalNames(InBasis), plan.DiagonalLeaves(InBasis, weights.Tensors, plan.Split(weights.Tensors)))) ?? OptimizerState.Empty,
            ]);
    }

    /// <inheritdoc/>
    public sealed override (Preconditioner?[] Leaves, OptimizerState State) Step(Gradient gradient, OptimizerState state, Weights weights)
    {
        FactoredLeaves plan = new(blocks, gradient.Names, gradient.Tensors);
        OptimizerState own = state.Part(0);
        Tensor[][] pieces = plan.Split(gradient.Tensors);
        Tensor step = own[Accumulator.Step];
        Tensor[] statistics = plan.Of(own, Statistics), factors = plan.Of(own, Factors), pending = HasPending ? plan.Of(own, Pending) : [];
        Tensor[] used = factors;
        if (statistics.Length > 0)
        {
            statistics = every == 1
                ? Added(plan, statistics, pieces, factors)
                : ControlFlow.Cond(IsMultiple(step, every), new TensorList(statistics), s => new TensorList(Added(plan, s.Items, pieces, factors)), s => s).Items;
            Tensor[] sums = statistics;
            if (sum == SquareSum.CorrectedMean)
            {
                Tensor scale = 1 / Accumulator.WeightSince(decay, (step / every + 1).Cast(Accumulator.ScalarType(gradient.Tensors)));
                sums = Array.ConvertAll(statistics, s => s * scale.Cast(s.DType));
            }
            Tensor[] made = Now(plan, sums, HasPending ? pending : factors, step);
            if (delay == 0) used = made;
            if (!HasPending) factors = made;
            else
            {
                pending = made;
                factors = ControlFlow.Cond(
                    IsMultiple(step + 1 - delay, Interval), new TensorList([.. made, .. factors]), s => new TensorList(s.Items[..made.Length]), s => new TensorList(s.Items[made.Length..])).Items;
            }
        }
        (Preconditioner?[] inner, OptimizerState squares) = diagonal is null
            ? (new Preconditioner?[gradient.LeafCount + pieces.Sum(p => p.Length)], OptimizerState.Empty)
            : diagonal.Step(
                new Gradient(plan.DiagonalNames(InBasis), plan.DiagonalLeaves(InBasis, gradient.Tensors, plan.Each(pieces, used, (f, piece) => Modes.Products(f, piece, q => q.T)))),
                state.Part(1), weights);
        Preconditioner?[] leaves = new Preconditioner?[gradient.LeafCount];
        int next = 0;
        for (int i = 0; i < leaves.Length; i++)
        {
            if (plan.PartitionOf(i) is not { } cut) leaves[i] = inner[next++];
            else
            {
                Preconditioner[] parts = new Preconditioner[cut.GroupCount];
                for (int g = 0; g < parts.Length; g++) parts[g] = Piece(plan.FactorsOf(i, g, used), InBasis ? inner[next++] : null);
                leaves[i] = new PiecewisePreconditioner(cut, parts);
            }
        }
        return (leaves, OptimizerState.Join([new(own.Leaves.WithLeaves([.. statistics, .. factors, .. pending, step + 1])), squares]));
    }

    /// <summary>Whether the squares are those of the gradient in the basis that the factors are.</summary>
    private protected abstract bool InBasis { get; }

    /// <summary>New factors.</summary>
    private protected abstract Tensor[] Make(FactoredLeaves plan, Tensor[] statistics, Tensor[] factors, Tensor step);

    /// <summary>What a piece goes through.</summary>
    private protected abstract Preconditioner Piece(Tensor?[] factors, Preconditioner? inner);

    /// <summary>What is added to the statistics of an axis.</summary>
    private protected virtual Tensor Square(FactoredLeaves plan, FactorKey key, Tensor[][] pieces, Tensor[] factors) => Modes.Covariance(pieces[key.Leaf][key.Group], key.Axis + 1);

    /// <summary>New factors where the step is a multiple of the interval, else those before.</summary>
    private Tensor[] Now(FactoredLeaves plan, Tensor[] sums, Tensor[] before, Tensor step)
    {
        if (Interval == 1) return Make(plan, sums, before, step);
        int n = sums.Length;
        return ControlFlow.Cond(
            IsMultiple(step, Interval), new TensorList([.. sums, .. before, step]),
            s => new TensorList(Make(plan, s.Items[..n], s.Items[n..(2 * n)], s.Items[^1])), s => new TensorList(s.Items[n..(2 * n)])).Items;
    }

    /// <summary>Statistics with the squares of a gradient.</summary>
    private Tensor[] Added(FactoredLeaves plan, IReadOnlyList<Tensor> statistics, Tensor[][] pieces, Tensor[] factors)
    {
        var added = new Tensor[statistics.Count];
        for (int i = 0; i < added.Length; i++)
        {
            Tensor square = Square(plan, plan.Keys[i], pieces, factors);
            added[i] = sum == SquareSum.Sum ? statistics[i] + square : statistics[i] * decay + square * (1 - decay);
        }
        return added;
    }

    private static Tensor IsMultiple(Tensor step, int of) => (step - (step / of * of)).EqualTo(0);

    private static Tensor Identity(Shape shape, DType type) => Ops.Eye(shape[^1], dtype: type).BroadcastTo(shape) * 1;
}

/// <summary>Which statistics: of a leaf, of a group of its pieces, along one of their axes.</summary>
internal readonly record struct FactorKey(int Leaf, int Group, int Axis);

/// <summary>The leaves of a list with their cuts, and the order of their factors.</summary>
internal sealed class FactoredLeaves
{
    private readonly IReadOnlyList<string> names;
    private readonly DType[] types;
    private readonly KroneckerPartition?[] cuts;

    public FactoredLeaves(KroneckerBlocks blocks, IReadOnlyList<string> names, IReadOnlyList<Tensor> tensors)
    {
        this.names = names;
        types = [.. tensors.Select(t => Accumulator.TypeFor(t.DType))];
        cuts = [.. tensors.Select(t => new KroneckerPartition(blocks, t.Shape)).Select(c => c.IsFactored ? c : null)];
        Keys =
        [
            .. from leaf in Enumerable.Range(0, cuts.Length)
               where cuts[leaf] is not null
               from g in Enumerable.Range(0, cuts[leaf]!.GroupCount)
               from a in Enumerable.Range(0, cuts[leaf]!.AxisCount)
               where cuts[leaf]!.HasFactor(g, a)
               select new FactorKey(leaf, g, a),
        ];
    }

    public IReadOnlyList<FactorKey> Keys { get; }

    /// <summary>The cut of a leaf; null for one without factors.</summary>
    public KroneckerPartition? PartitionOf(int leaf) => cuts[leaf];

    public Shape FactorShape(FactorKey key) => cuts[key.Leaf]!.FactorShape(key.Group, key.Axis);

    public DType TypeOf(FactorKey key) => types[key.Leaf];

    public IEnumerable<string> Names(string kind) => Keys.Select(k => $"{kind}.{names[k.Leaf]}.{k.Group}.{k.Axis}");

    public Tensor[] Of(OptimizerState state, string kind) => [.. Names(kind).Select(n => state[n])];

    /// <summary>The factors of a group, one per axis, null where there is none.</summary>
    public Tensor?[] FactorsOf(int leaf, int group, Tensor[] factors)
    {
        var found = new Tensor?[cuts[leaf]!.AxisCount];
        for (int i = 0; i < factors.Length; i++)
            if (Keys[i].Leaf == leaf && Keys[i].Group == group) found[Keys[i].Axis] = factors[i];
        return found;
    }

    /// <summary>The pieces of every leaf, in the type of its statistics; none for a leaf without factors.</summary>
    public Tensor[][] Split(IReadOnlyList<Tensor> tensors) => [.. tensors.Select((t, i) => cuts[i]?.Split(t.Cast(types[i])) ?? [])];

    /// <summary>Every piece with its factors.</summary>
    public Tensor[][] Each(Tensor[][] pieces, Tensor[] factors, Func<Tensor?[], Tensor, Tensor> map) =>
        [.. pieces.Select((groups, leaf) => groups.Select((piece, g) => map(FactorsOf(leaf, g, factors), piece)).ToArray())];

    /// <summary>The names of what is seen through squares: leaves without factors and, when asked for, pieces.</summary>
    public IEnumerable<string> DiagonalNames(bool withPieces) => names.SelectMany(
        (name, i) => cuts[i] is not { } cut ? [name] : withPieces ? Enumerable.Range(0, cut.GroupCount).Select(g => $"{name}.{g}") : []);

    /// <summary>Their tensors, in the order of the names.</summary>
    public IEnumerable<Tensor> DiagonalLeaves(bool withPieces, IReadOnlyList<Tensor> tensors, Tensor[][] pieces) =>
        tensors.SelectMany((t, i) => cuts[i] is null ? [t] : withPieces ? pieces[i] : []);
}
