namespace Engine.Tensors;

/// <summary>Shapes, axes or indices that do not fit together. The message names both and the rule.</summary>
public sealed class ShapeException(string message) : ArgumentException(message);

/// <summary>Element types that an op does not take. The message names the cast to write.</summary>
public sealed class DTypeException(string message) : ArgumentException(message);

/// <summary>A device that is missing, lost, or mixed with another in one op.</summary>
public sealed class DeviceException(string message) : InvalidOperationException(message);

/// <summary>A symbolic tensor used where it has no meaning: after its trace ended, or read where no value exists.</summary>
public sealed class TraceException(string message) : InvalidOperationException(message);

/// <summary>A NaN or an infinity that an op made of operands without one, found because <see cref="TraceOptions.Anomalies"/> asks for it. The message names the op, the element and the line.</summary>
public sealed class AnomalyException(string message) : ArithmeticException(message);

/// <summary>A derivative that does not exist or was asked for in a form the engine does not define.</summary>
public sealed class GradientException(string message) : InvalidOperationException(message);

/// <summary>A matrix whose values an op cannot work with: singular, or not positive definite. The message names the matrix of the batch and the pivot.</summary>
public sealed class LinearAlgebraException(string message) : ArithmeticException(message);
