namespace Engine.Autograd.Duality;

/// <summary>How exact a polar factor is.</summary>
public enum PolarAccuracy : byte
{
    /// <summary>Enough for a direction.</summary>
    Fast,

    /// <summary>Enough for training.</summary>
    Default,

    /// <summary>Orthogonal to f32.</summary>
    High,

    /// <summary>By singular values.</summary>
    Exact,
}
