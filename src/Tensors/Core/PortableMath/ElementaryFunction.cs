namespace Engine.Tensors;

/// <summary>The named functions of scalar expressions. Portable mathematics expands each into exactly rounded operations, so every device gives the same bits.</summary>
public enum ElementaryFunction : byte
{
    /// <summary>e to x.</summary>
    Exp,

    /// <summary>2 to x.</summary>
    Exp2,

    /// <summary>exp(x) - 1, accurate near 0.</summary>
    Expm1,

    /// <summary>Natural logarithm.</summary>
    Log,

    /// <summary>Logarithm to base 2.</summary>
    Log2,

    /// <summary>log(1 + x), accurate near 0.</summary>
    Log1p,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>The error function.</summary>
    Erf,

    /// <summary>1 - erf(x), accurate for large x.</summary>
    Erfc,

    /// <summary>Sine of an angle in radians.</summary>
    Sin,

    /// <summary>Cosine of an angle in radians.</summary>
    Cos,

    /// <summary>Tangent of an angle in radians.</summary>
    Tan,

    /// <summary>Arc sine, in radians.</summary>
    Asin,

    /// <summary>Arc cosine, in radians.</summary>
    Acos,

    /// <summary>Arc tangent, in radians.</summary>
    Atan,

    /// <summary>Hyperbolic sine.</summary>
    Sinh,

    /// <summary>Hyperbolic cosine.</summary>
    Cosh,

    /// <summary>Inverse hyperbolic sine.</summary>
    Asinh,

    /// <summary>Inverse hyperbolic cosine.</summary>
    Acosh,

    /// <summary>Inverse hyperbolic tangent.</summary>
    Atanh,

    /// <summary>x to y; special cases as in IEEE 754 pow.</summary>
    Pow,

    /// <summary>Angle of the point (x, y) from arguments (y, x), in radians.</summary>
    Atan2,
}
