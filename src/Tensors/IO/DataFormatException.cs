namespace Engine.Tensors.IO;

/// <summary>
/// The content of a data file is not what its format requires. The message is one line that names the file, the place and what was expected:
/// <c>data.csv line 17: 64 columns, expected 65 as in the header</c>.
/// </summary>
public sealed class DataFormatException : FormatException
{
    /// <summary>Creates the exception with an empty message.</summary>
    public DataFormatException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: file, place, what was found and what was expected.</param>
    public DataFormatException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">One line: file, place, what was found and what was expected.</param>
    /// <param name="innerException">The error that led to this one.</param>
    public DataFormatException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
