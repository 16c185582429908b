namespace Engine.Optim.Data;

/// <summary>What a model is to predict.</summary>
public enum LearningTask
{
    /// <summary>One of some classes.</summary>
    Classify,

    /// <summary>A number.</summary>
    Regress,
}
