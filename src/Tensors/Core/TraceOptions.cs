using System.Diagnostics;

namespace Engine.Tensors;

/// <summary>What a trace notes beside its ops.</summary>
public sealed record TraceOptions
{
    /// <summary>Note with every op the line of the program that called it, for <c>Explain</c>. Costs some microseconds per op while tracing, nothing afterwards.</summary>
    public bool Source { get; init; }

    /// <summary>
    /// Run op by op and look at every result: the first NaN, or infinity, that does not come from an operand throws <see cref="AnomalyException"/>, which names the op, and with
    /// <see cref="Source"/> its line. Slow; for finding where a training goes wrong. The bits are those of the plan. What happens inside a loop is named by the loop.
    /// </summary>
    public bool Anomalies { get; init; }

    /// <summary>File and line of the nearest caller outside the engine; null when there are no symbols.</summary>
    internal static string? CallerLine()
    {
        foreach (StackFrame frame in new StackTrace(2, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetFileName() is not { } file || DiagnosticMethodInfo.Create(frame) is not { } method) continue;
            string assembly = method.DeclaringAssemblyName.Split(',')[0];
            if (assembly is "Engine.Tensors" or "Engine.Autograd" or "Engine.Optim") continue;
            return $"{Path.GetFileName(file)}:{frame.GetFileLineNumber()}";
        }
        return null;
    }
}
