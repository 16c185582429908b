using Engine.Tensors;

namespace Engine.Autograd.Layers;

/// <summary>
/// What a forward pass depends on besides weights and input: whether it trains, the random key, the buffers, where new buffers go, and weights that are shared.
/// The default value is plain prediction.
/// </summary>
public readonly struct Pass
{
    private readonly RandomKey? key;
    private readonly string? prefix;
    private readonly SharedWeights? shared;
    private readonly PassWatcher? watcher;

    private Pass(bool training, RandomKey? key, Buffers? buffers, BufferSink? sink, string? prefix, SharedWeights? shared, PassWatcher? watcher = null)
    {
        Training = training;
        this.key = key;
        Buffers = buffers;
        Sink = sink;
        this.prefix = prefix;
        this.shared = shared;
        this.watcher = watcher;
    }

    /// <summary>True while training: dropout drops and batch normalization uses the batch.</summary>
    public bool Training { get; }

    private Buffers? Buffers { get; }

    private BufferSink? Sink { get; }

    /// <summary>A pass for training.</summary>
    /// <param name="key">The random key of this pass.</param>
    /// <param name="buffers">The module's buffers.</param>
    /// <param name="sink">Collects the new buffers.</param>
    public static Pass ForTraining(RandomKey? key = null, Buffers? buffers = null, BufferSink? sink = null) => new(true, key, buffers, sink, null, null);

    /// <summary>A pass for prediction.</summary>
    /// <param name="buffers">The module's buffers.</param>
    public static Pass ForPrediction(Buffers? buffers = null) => new(false, null, buffers, null, null, null);

    /// <summary>The random key.</summary>
    /// <param name="layer">Who asks, for the message.</param>
    /// <exception cref="InvalidOperationException">The pass has none.</exception>
    public RandomKey Key(string layer) =>
        key ?? throw new InvalidOperationException($"{layer}: a training pass needs a random key. Use Pass.ForTraining(key).");

    /// <summary>A buffer of the module that is running: as the pass was given it, or as it was last set in this pass, which matters where a module is shared.</summary>
    /// <exception cref="InvalidOperationException">The pass has no buffers.</exception>
    public Tensor Buffer(string name) => Buffers is { } all
        ? Sink?.Find(prefix + name) ?? all[prefix + name]
        : throw new InvalidOperationException($"buffer '{prefix}{name}': the pass has no buffers. Use Pass.ForPrediction(buffers) or Pass.ForTraining(key, buffers, sink).");

    /// <summary>Hands over the new value of a buffer; without a sink it is dropped.</summary>
    public void SetBuffer(string name, Tensor value) => Sink?.Set(prefix + name, value);

    /// <summary>The pass as a child of a compound sees it: a key of its own, its buffers under its prefix.</summary>
    internal Pass ForChild(int index) => new(Training, key?.Fold(index), Buffers, Sink, $"{prefix}{index}.", shared, watcher);

    internal Pass WithShared(object owner, Weights weights) => new(Training, key, Buffers, Sink, prefix, new(owner, weights, prefix, shared), watcher);

    internal (Weights Weights, Pass Pass) Shared(object owner)
    {
        for (SharedWeights? entry = shared; entry is not null; entry = entry.Next)
        {
            if (ReferenceEquals(entry.Owner, owner)) return (entry.Weights, new(Training, key, Buffers, Sink, $"{entry.Prefix}0.", shared, watcher));
        }
        throw new InvalidOperationException("tied: a shared module was used outside the Tied module that it came from.");
    }

    internal Pass WithWatcher(PassWatcher watching) => new(Training, key, Buffers, Sink, prefix, shared, watching);

    /// <summary>The pass with its new buffers dropped.</summary>
    internal Pass WithoutSink() => new(Training, key, Buffers, null, prefix, shared, watcher);

    /// <summary>Says that the module whose pass this is has run, and gives its result as whoever watches hands it on.</summary>
    internal Tensor Ran(Module module, Weights weights, Tensor x, Tensor y) => watcher?.Ran(module, weights, prefix, x, y) ?? y;

    internal sealed record SharedWeights(object Owner, Weights Weights, string? Prefix, SharedWeights? Next);
}

/// <summary>Sees every module of a pass run.</summary>
internal abstract class PassWatcher
{
    /// <summary>A module has run, after its children.</summary>
    /// <param name="module">The module.</param>
    /// <param name="weights">Its own weights.</param>
    /// <param name="path">The prefix of its weights' names; null for the outermost.</param>
    /// <param name="x">Its input.</param>
    /// <param name="y">Its result.</param>
    /// <returns>The result that is handed on.</returns>
    public abstract Tensor Ran(Module module, Weights weights, string? path, Tensor x, Tensor y);
}

/// <summary>Collects the new buffers of one training pass.</summary>
/// <param name="buffers">The buffers before the pass.</param>
public sealed class BufferSink(Buffers buffers)
{
    private readonly Dictionary<string, Tensor> changed = new(StringComparer.Ordinal);

    /// <summary>The buffers after the pass: changed ones replaced, the others as they were.</summary>
    public Buffers Result() => buffers.WithLeaves([.. buffers.Names.Select((n, i) => changed.GetValueOrDefault(n, buffers[i]))]);

    internal Tensor? Find(string name) => changed.GetValueOrDefault(name);

    internal void Set(string name, Tensor value) => changed[name] = Ops.StopGradient(value);
}
