using System.CommandLine;

namespace Engine.Cli;

/// <summary>A verb of the command line.</summary>
/// <param name="Command">Its name, description and options.</param>
/// <param name="Run">What it does; returns the exit code.</param>
/// <param name="Examples">Whole command lines for its help.</param>
internal sealed record Verb(Command Command, Func<ParseResult, int> Run, params string[] Examples);
