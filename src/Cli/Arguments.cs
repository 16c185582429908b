using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Engine.Cli;

/// <summary>Options with checked values. A wrong value is an error that names the option and what it takes.</summary>
internal static class Arguments
{
    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object as the last line of the output." };

    public static Option<string?> Text(string name, string form, string description) => new(name)
    {
        Description = description,
        HelpName = form,
        CustomParser = result =>
        {
            string value = result.Tokens[0].Value;
            return value.Length > 0 ? value : Wrong(result, name, value, $"is empty, expected {form}", (string?)null);
        },
    };

    public static Option<string?> OneOf(string name, string description, params string[] allowed) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', allowed),
        CustomParser = result =>
        {
            string value = result.Tokens[0].Value;
            if (allowed.Contains(value, StringComparer.Ordinal)) return value;
            return Wrong(result, name, value, $"is unknown, expected {Either(allowed)}", (string?)null);
        },
    };

    public static Option<int?> Count(string name, string description, int least = 1, int most = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string value = result.Tokens[0].Value;
            if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most)
                return number;
            string range = most == int.MaxValue ? $"of at least {least}" : $"from {least} to {most}";
            return Wrong(result, name, value, $"is not allowed, expected a whole number {range}", (int?)null);
        },
    };

    public static Option<long?> Seed(string description) => new("--seed")
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            string value = result.Tokens[0].Value;
            if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return number;
            return Wrong(result, "--seed", value, "is not allowed, expected a whole number of at least 0", (long?)null);
        },
    };

    public static Option<double?> Positive(string name, string form, string description, double below = double.PositiveInfinity) => new(name)
    {
        Description = description,
        HelpName = form,
        CustomParser = result =>
        {
            string value = result.Tokens[0].Value;
            if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number > 0 && number < below) return number;
            string range = double.IsInfinity(below) ? "above 0" : string.Create(CultureInfo.InvariantCulture, $"between 0 and {below}");
            return Wrong(result, name, value, $"is not allowed, expected a number {range}", (double?)null);
        },
    };

    private static T Wrong<T>(ArgumentResult result, string option, string value, string problem, T nothing)
    {
        result.AddError($"{option} '{value}' {problem}");
        return nothing;
    }

    private static string Either(string[] allowed) => allowed.Length == 1 ? allowed[0] : $"{string.Join(", ", allowed[..^1])} or {allowed[^1]}";
}
