using Engine.Autograd.Layers;

namespace Engine.Optim;

/// <summary>What a weight does in a network, as far as the choice of its optimizer goes.</summary>
public enum WeightRole : byte
{
    /// <summary>A matrix or kernel between hidden layers.</summary>
    Hidden,

    /// <summary>A table whose rows are looked up, such as an embedding.</summary>
    Table,

    /// <summary>The last matrix, which makes the output.</summary>
    Head,

    /// <summary>A bias, a gain, any vector.</summary>
    Vector,
}

/// <summary>The roles of a network's weights, from its layers: which of them are for Muon, and which for an auxiliary optimizer.</summary>
public sealed class WeightGroups
{
    private readonly Dictionary<string, WeightRole> roles = new(StringComparer.Ordinal);

    /// <summary>The roles of a module's weights. The head is the last matrix or kernel in leaf order.</summary>
    /// <param name="module">The network.</param>
    public WeightGroups(Module module)
    {
        string? last = null;
        foreach (LeafGeometry leaf in module.Geometry)
        {
            roles[leaf.Name] = leaf.Table ? WeightRole.Table : leaf.Shape.Rank < 2 ? WeightRole.Vector : WeightRole.Hidden;
            if (roles[leaf.Name] == WeightRole.Hidden) last = leaf.Name;
        }
        if (last is not null) roles[last] = WeightRole.Head;
    }

    /// <summary>The role of a weight.</summary>
    /// <exception cref="ArgumentException">The module has no such weight.</exception>
    public WeightRole this[string name] => roles.TryGetValue(name, out WeightRole role)
        ? role
        : throw new ArgumentException($"weightGroups: the module has no weight '{name}', got {string.Join(", ", roles.Keys.Take(20))}. Take weights of the same module.");

    /// <summary>The names of weights with a role, in leaf order.</summary>
    public IReadOnlyList<string> With(WeightRole role) => [.. roles.Where(r => r.Value == role).Select(r => r.Key)];

    /// <summary>
    /// Muon, or an optimizer of its kind, for hidden matrices, and another for all other weights:
    /// <c>new WeightGroups(net).Muon(new Muon(0.02), new AdamW(3e-4, 0.9, 0.95, 1e-10))</c>.
    /// </summary>
    /// <param name="muon">The optimizer of matrices; group 0.</param>
    /// <param name="auxiliary">That of embeddings, the head and vectors; group 1.</param>
    /// <param name="matrices">Which weights <paramref name="muon"/> takes, by name; the hidden ones when omitted.</param>
    /// <param name="any">True to let <paramref name="matrices"/> name embeddings and the head.</param>
    /// <exception cref="ArgumentException">The chosen weights have a vector among them, or, unless told, an embedding or the head.</exception>
    public Grouped Muon(Optimizer muon, Optimizer auxiliary, Func<string, bool>? matrices = null, bool any = false)
    {
        HashSet<string> chosen = [.. matrices is null ? With(WeightRole.Hidden) : roles.Keys.Where(matrices)];
        foreach (string name in chosen)
        {
            string? why = (roles[name], any) switch
            {
                (WeightRole.Vector, _) => "a vector, which has no polar factor. Leave it to the auxiliary optimizer.",
                (WeightRole.Table, false) => "an embedding table. Leave it to the auxiliary optimizer, or say any: true.",
                (WeightRole.Head, false) => "the output head. Leave it to the auxiliary optimizer, or say any: true.",
                _ => null,
            };
            if (why is not null) throw new ArgumentException($"weightGroups: Muon is for hidden matrices, got '{name}', {why}");
        }
        return new(new WeightGroup((name, _) => chosen.Contains(name), muon), new WeightGroup((_, _) => true, auxiliary));
    }
}
