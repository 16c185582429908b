namespace Engine.Tensors;

/// <summary>
/// A step of a plan that runs other plans: control flow. Operands are row-major. Plans of a region read no memory but their inputs and constants, and what one run of a body
/// carries to the next never leaves the region's own memory.
/// </summary>
public abstract record Region : Kernel
{
    /// <summary>The plans, with what they are for.</summary>
    public abstract IEnumerable<(string Role, Plan Plan)> Plans { get; }
}

/// <summary>
/// A body run a fixed number of times. Inputs: the carried tensors, then the scanned ones [Count, ...], of which run t sees slice t, then tensors that every run sees whole.
/// The body also takes the number of the run, i64, after the scanned slices. Its results: the carried tensors, then slices that are stacked to [Count, ...].
/// </summary>
/// <param name="Count">How often the body runs.</param>
/// <param name="Carried">How many tensors are carried.</param>
/// <param name="Scanned">How many are scanned.</param>
/// <param name="Reversed">From the last slice to the first.</param>
/// <param name="Body">The body.</param>
public sealed record LoopRegion(int Count, int Carried, int Scanned, bool Reversed, Plan Body) : Region
{
    /// <inheritdoc/>
    public override IEnumerable<(string Role, Plan Plan)> Plans => [("body", Body)];
}

/// <summary>
/// A body run for as long as a condition holds. Inputs: the carried tensors, then tensors that condition and body see whole. Results: the carried tensors.
/// </summary>
/// <param name="Carried">How many tensors are carried.</param>
/// <param name="Condition">From the carried tensors and the others to one bool.</param>
/// <param name="Body">From the same to the next carried tensors.</param>
public sealed record WhileRegion(int Carried, Plan Condition, Plan Body) : Region
{
    /// <inheritdoc/>
    public override IEnumerable<(string Role, Plan Plan)> Plans => [("condition", Condition), ("body", Body)];
}

/// <summary>One of two plans. Inputs: one bool, then the operands of both.</summary>
/// <param name="Then">Runs when the bool is true.</param>
/// <param name="Otherwise">Runs when it is false.</param>
public sealed record BranchRegion(Plan Then, Plan Otherwise) : Region
{
    /// <inheritdoc/>
    public override IEnumerable<(string Role, Plan Plan)> Plans => [("then", Then), ("otherwise", Otherwise)];
}
