namespace Engine.Optim.Training;

/// <summary>Where a training stands.</summary>
/// <param name="Epoch">The epoch in progress, from 1.</param>
/// <param name="Epochs">How many epochs there will be.</param>
/// <param name="Step">Steps done, over all epochs.</param>
/// <param name="Steps">Steps there will be, over all epochs.</param>
/// <param name="Loss">Mean training loss of the epoch so far.</param>
/// <param name="SamplesPerSecond">Training rows per second since the start or the resumption.</param>
/// <param name="Remaining">An estimate of the time that is left.</param>
/// <param name="Finished">The epoch that has just ended, if one has.</param>
public readonly record struct TrainingProgress(
    int Epoch, int Epochs, long Step, long Steps, double Loss, double SamplesPerSecond, TimeSpan Remaining, EpochReport? Finished);

/// <summary>What one epoch brought.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="TrainLoss">Mean training loss over the epoch's batches, each measured before its step.</param>
/// <param name="TestScore">On the test rows after the epoch: the share of right classes, or the root mean squared error of the targets.</param>
/// <param name="Seconds">Time since the training began, interruptions not counted.</param>
public sealed record EpochReport(int Epoch, double TrainLoss, double TestScore, double Seconds);
