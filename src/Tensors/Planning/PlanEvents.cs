using System.Diagnostics.Metrics;

namespace Engine.Tensors;

/// <summary>What the engine tells a host application's metrics: the meter <c>Engine.Tensors</c>.</summary>
internal static class PlanEvents
{
    private static readonly Meter Meter = new("Engine.Tensors");

    /// <summary>Plans made by compiled functions and steps: one for the first call, and one more for every change of a shape or element type.</summary>
    public static readonly Counter<long> PlansMade = Meter.CreateCounter<long>("engine.plans.made", "{plan}", "Plans made by compiled functions and steps.");
}
