namespace Engine.Tensors;

/// <summary>
/// What an einsum string says of its operands: one label for every axis. A label is the letter itself, or, for an axis that an ellipsis stands for, its place
/// counted from the right of the ellipsis, beginning at 1, so that ellipses of different ranks broadcast.
/// </summary>
internal sealed class EinsumSubscripts
{
    private const string Dots = "...";

    private readonly Dictionary<char, (int Length, int Operand)> lengths = [];
    private readonly string text;
    private int hidden;

    private EinsumSubscripts(string text) => this.text = text;

    /// <summary>The labels of each operand.</summary>
    public required string[] Terms { get; init; }

    /// <summary>The labels of the result.</summary>
    public string Output { get; private set; } = "";

    /// <exception cref="ShapeException">The string is no einsum, or the operands do not fit it.</exception>
    public static EinsumSubscripts Parse(string text, ReadOnlySpan<Tensor> operands)
    {
        string compact = string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
        int arrow = compact.IndexOf("->", StringComparison.Ordinal);
        string[] inputs = (arrow < 0 ? compact : compact[..arrow]).Split(',');
        var subscripts = new EinsumSubscripts(text) { Terms = new string[inputs.Length] };
        if (operands.Length != inputs.Length)
            throw subscripts.Error($"terms for {inputs.Length} operands, got {operands.Length}; separate operands by commas, one term for each.");
        for (int i = 0; i < inputs.Length; i++) subscripts.Read(i, inputs[i], operands[i].Shape);
        subscripts.Output = arrow < 0 ? subscripts.ImplicitOutput() : subscripts.ExplicitOutput(compact[(arrow + 2)..]);
        return subscripts;
    }

    private void Read(int operand, string term, Shape shape)
    {
        (string before, string? after) = Split(term, $"term {operand}");
        int named = before.Length + (after?.Length ?? 0), rest = shape.Rank - named;
        if (after is null ? rest != 0 : rest < 0)
            throw Error($"term {operand} '{term}' names {named} axes, but the operand {shape} has {shape.Rank}; {(after is null ? "name every axis, or write ... for the rest." : "name fewer.")}");
        string ellipsis = after is null ? "" : Ellipsis(rest);
        hidden = Math.Max(hidden, ellipsis.Length);
        Terms[operand] = before + ellipsis + after;
        for (int axis = 0; axis < shape.Rank; axis++) Measure(Terms[operand][axis], shape[axis], operand);
    }

    private void Measure(char label, int length, int operand)
    {
        bool broadcasts = !char.IsAsciiLetter(label);
        if (!lengths.TryGetValue(label, out (int Length, int Operand) known) || (broadcasts && known.Length == 1)) lengths[label] = (length, operand);
        else if (known.Length != length && !(broadcasts && length == 1))
        {
            string name = broadcasts ? $"axis {-label} of the ellipsis" : $"subscript '{label}'";
            throw Error($"{name} has length {known.Length} in operand {known.Operand} and {length} in operand {operand}; it must have one length{(broadcasts ? ", or 1" : "")}.");
        }
    }

    private string ImplicitOutput()
    {
        string all = string.Concat(Terms);
        return Ellipsis(hidden) + string.Concat(all.Where(c => char.IsAsciiLetter(c) && all.Count(d => d == c) == 1).Order());
    }

    private string ExplicitOutput(string output)
    {
        (string before, string? after) = Split(output, "the output");
        if (after is null && hidden > 0)
            throw Error($"the output '{output}' leaves out the {hidden} axes of '...'; write '...' there, or name these axes to sum over them.");
        foreach (char label in before + after)
        {
            if (!lengths.ContainsKey(label)) throw Error($"subscript '{label}' of the output stands in no operand; remove it, or broadcast the result afterwards.");
            if ((before + after).Count(c => c == label) > 1) throw Error($"subscript '{label}' stands twice in the output '{output}'; use Ops.Diag on the result.");
        }
        return before + Ellipsis(hidden) + after;
    }

    /// <summary>The letters before and after the ellipsis; nothing after where there is none.</summary>
    private (string Before, string? After) Split(string term, string where)
    {
        int dots = term.IndexOf(Dots, StringComparison.Ordinal);
        (string before, string? after) = dots < 0 ? (term, null) : (term[..dots], term[(dots + Dots.Length)..]);
        foreach (char c in before + after)
        {
            if (!char.IsAsciiLetter(c)) throw Error($"'{c}' in {where} '{term}' is no subscript; take letters a-z and A-Z, at most one '...', commas and '->'.");
        }
        return (before, after);
    }

    private static string Ellipsis(int count) => string.Create(count, count, (labels, n) =>
    {
        for (int i = 0; i < n; i++) labels[i] = (char)(n - i);
    });

    private ShapeException Error(string what) => new($"einsum: in '{text}', {what}");
}
