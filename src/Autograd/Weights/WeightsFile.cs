using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Autograd;

/// <summary>
/// Weights and buffers in a safetensors file, under their names. Other state made of named tensors, such as an optimizer's, is saved in the same way, as buffers.
/// </summary>
public static class WeightsFile
{
    /// <summary>Writes a file, atomically: an interrupted write leaves the old file. Equal tensors give equal bytes.</summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="buffers">Buffers of the same module; their names must differ from the weights'.</param>
    /// <param name="metadata">Text to keep with them.</param>
    /// <exception cref="ArgumentException">A weight and a buffer have the same name.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, Weights weights, Buffers? buffers = null, IReadOnlyDictionary<string, string>? metadata = null) =>
        SafeTensors.Write(path, [.. Pairs(weights), .. Pairs(buffers ?? Buffers.Empty)], metadata);

    /// <summary>Reads a file for a module. It must hold exactly the tensors of the given forms, no more and no fewer, in any order.</summary>
    /// <param name="path">The file; messages name it as it is given here.</param>
    /// <param name="like">Weights of the module's form, such as fresh ones: names, element types and shapes.</param>
    /// <param name="buffersLike">Buffers of the module's form; none when omitted.</param>
    /// <exception cref="DataFormatException">The file is damaged, or a tensor is missing, left over, or of another element type or shape; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SavedWeights Load(string path, Weights like, Buffers? buffersLike = null)
    {
        SafeTensorsFile file = SafeTensors.Read(path);
        Buffers buffers = buffersLike ?? Buffers.Empty;
        string? unknown = file.Tensors.Keys.Except(like.Names, StringComparer.Ordinal).Except(buffers.Names, StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
        {
            throw new DataFormatException($"{file.Name}: the tensor '{unknown}' is none of the module's, got {file.Tensors.Count} tensors for its {like.LeafCount} weights "
                + $"and {buffers.LeafCount} buffers. Load with the module that was saved.");
        }
        return new(Read(file, like), Read(file, buffers), file.Metadata);
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Pairs<T>(NamedLeaves<T> leaves) where T : NamedLeaves<T> =>
        leaves.Names.Select((n, i) => KeyValuePair.Create(n, leaves[i]));

    private static T Read<T>(SafeTensorsFile file, NamedLeaves<T> like) where T : NamedLeaves<T>
    {
        Tensor[] tensors = new Tensor[like.LeafCount];
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = file[like.Names[i]];
            if (tensors[i].Spec != like[i].Spec)
                throw new DataFormatException($"{file.Name}: the tensor '{like.Names[i]}' is {tensors[i].Spec}, the module's is {like[i].Spec}.");
        }
        return like.WithLeaves(tensors);
    }
}

/// <summary>What a weights file holds.</summary>
/// <param name="Weights">The weights.</param>
/// <param name="Buffers">The buffers; empty when none were asked for.</param>
/// <param name="Metadata">The text kept with them.</param>
public sealed record SavedWeights(Weights Weights, Buffers Buffers, IReadOnlyDictionary<string, string> Metadata);
