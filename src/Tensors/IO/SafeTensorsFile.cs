namespace Engine.Tensors.IO;

/// <summary>The content of a safetensors file.</summary>
public sealed class SafeTensorsFile
{
    internal SafeTensorsFile(string name, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Name = name;
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>What messages call the file: its path, or the name given for bytes in memory.</summary>
    public string Name { get; }

    /// <summary>The tensors by name, in the order of the header.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>The text kept with the tensors; empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor with a name.</summary>
    /// <exception cref="DataFormatException">No tensor has this name; the message lists the names there are.</exception>
    public Tensor this[string name]
    {
        get
        {
            if (Tensors.TryGetValue(name, out Tensor? tensor)) return tensor;
            const int Shown = 10;
            string names = Tensors.Count == 0 ? "none" : string.Join(", ", Tensors.Keys.Take(Shown).Select(Quoting.Quoted));
            string more = Tensors.Count > Shown ? $" and {Tensors.Count - Shown} more" : "";
            throw new DataFormatException($"{Name}: no tensor {Quoting.Quoted(name)}, the tensors are {names}{more}.");
        }
    }
}
