using Engine.Autograd;

namespace Engine.Optim.Training;

/// <summary>What a training leaves behind.</summary>
/// <param name="Weights">The weights after the last step.</param>
/// <param name="Buffers">The buffers after the last step.</param>
/// <param name="History">One report per epoch.</param>
/// <param name="SamplesPerSecond">Training rows per second of the steps, without evaluation.</param>
public sealed record TrainingResult(Weights Weights, Buffers Buffers, IReadOnlyList<EpochReport> History, double SamplesPerSecond);

/// <summary>The loss of a training became infinite or NaN.</summary>
/// <param name="message">Where it happened and what helps.</param>
public sealed class DivergenceException(string message) : InvalidOperationException(message);

/// <summary>A training was cancelled between two steps. Nothing is lost: the checkpoint file, if there is one, holds the state to resume from.</summary>
/// <param name="soFar">The weights at that moment, and the epochs that were finished.</param>
/// <param name="token">The token that was cancelled.</param>
public sealed class TrainingCanceledException(TrainingResult soFar, CancellationToken token)
    : OperationCanceledException($"the training was cancelled after {soFar?.History.Count} epochs", token)
{
    /// <summary>The weights at that moment, and the epochs that were finished.</summary>
    public TrainingResult SoFar { get; } = soFar ?? throw new ArgumentNullException(nameof(soFar));
}
