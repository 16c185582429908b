using System.Globalization;

namespace Engine.Mutations;

/// <summary>What the command line asks for.</summary>
internal sealed record Options(ulong? Seed, int Count, IReadOnlyList<string> Only, string? Results, int Jobs)
{
    /// <summary>What ENGINE_CASES is while mutants are tried: properties run a quarter of their cases.</summary>
    public const string Cases = "0.25";

    public const string Usage = """
        usage: tests/Mutations/run.sh --seed N [--count 60] [--jobs 1] [--results FILE]
               tests/Mutations/run.sh --only ID,ID,... [--jobs 1] [--results FILE]
        """;

    /// <summary>The options, or null when they are wrong.</summary>
    public static Options? Parse(string[] args)
    {
        var options = new Options(null, 60, [], null, 1);
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--seed" when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed): options = options with { Seed = seed }; break;
                case "--count" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0: options = options with { Count = count }; break;
                case "--jobs" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int jobs) && jobs > 0: options = options with { Jobs = jobs }; break;
                case "--only" when value.Length > 0: options = options with { Only = value.Split(',') }; break;
                case "--results" when value.Length > 0: options = options with { Results = value }; break;
                default: return null;
            }
        }
        return options.Seed is null == options.Only.Count is 0 ? null : options;
    }
}
