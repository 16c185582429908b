using System.Globalization;

namespace Engine.Cli.Tests;

/// <summary>An empty folder with made-up data files, gone after the test.</summary>
public sealed class TestFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("engine-cli-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    /// <summary>Every path below the folder, sorted: to see that a run has written nothing.</summary>
    public string[] Everything => [.. Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>Points around three centres, with the name of the centre as label.</summary>
    public string Blobs(string name, int rows, int seed = 0, bool labels = true)
    {
        string[] classes = ["oak", "ash", "elm"];
        var random = new Random(seed);
        List<string> lines = [labels ? "height,width,leaf,kind" : "height,width,leaf"];
        for (int i = 0; i < rows; i++)
        {
            int k = random.Next(3);
            string cells = string.Join(',', Enumerable.Range(0, 3).Select(c => Number((c == k ? 3 : 0) + random.NextDouble())));
            lines.Add(labels ? $"{cells},{classes[k]}" : cells);
        }
        return Lines(name, lines);
    }

    /// <summary>Numbers to predict from two others, some hundreds of a unit.</summary>
    public string Line(string name, int rows, int seed = 0, double unit = 1)
    {
        var random = new Random(seed);
        List<string> lines = ["x,y,price"];
        for (int i = 0; i < rows; i++)
        {
            double x = random.NextDouble(), y = random.NextDouble();
            lines.Add($"{Number(x)},{Number(y)},{Number(unit * (500 + (300 * x) - (200 * y)))}");
        }
        return Lines(name, lines);
    }

    public string Lines(string name, IEnumerable<string> lines)
    {
        File.WriteAllText(this[name], string.Concat(lines.Select(l => l + "\n")));
        return name;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
