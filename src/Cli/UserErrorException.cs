namespace Engine.Cli;

/// <summary>Input that cannot be used. The message is one line that names the file, line or option and says what to do.</summary>
internal sealed class UserErrorException(string message) : Exception(message);
