using System.Globalization;
using Engine.Autograd.Layers;
using Engine.Optim.Data;

namespace Engine.Cli;

/// <summary>One layer of a model, with what a reader of the summary wants to know.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Module">The layer.</param>
/// <param name="Output">The shape of its result for one row.</param>
internal sealed record Layer(string Name, Module Module, string Output);

/// <summary>The models that <c>--model</c> offers: <c>mlp:128,64</c>, <c>cnn</c> and <c>linear</c>.</summary>
internal sealed class ModelChoice
{
    public const string Default = "mlp:128,64";
    public const string Forms = "mlp:128,64, cnn or linear";

    private const int LargestWidth = 65536;

    private readonly string kind;
    private readonly int[] widths;

    private ModelChoice(string kind, int[] widths) => (this.kind, this.widths) = (kind, widths);

    /// <summary>Steps after which more bring little. A convolution learns more from each, and each takes longer.</summary>
    public int UsualSteps => kind == "cnn" ? 1000 : 3000;

    /// <summary>Reads the form the user writes.</summary>
    /// <exception cref="UserErrorException">It is none of the forms.</exception>
    public static ModelChoice Parse(string text)
    {
        if (text is "cnn" or "linear") return new(text, []);
        if (text == "mlp") text = Default;
        if (!text.StartsWith("mlp:", StringComparison.Ordinal)) throw new UserErrorException($"--model '{text}' is unknown, expected {Forms}");

        string[] parts = text["mlp:".Length..].Split(',');
        int[] widths = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out widths[i]) || widths[i] is < 1 or > LargestWidth)
                throw new UserErrorException($"--model '{text}': '{parts[i]}' is not a layer width, expected 1 to {LargestWidth}, as in {Default}");
        }
        return new("mlp", widths);
    }

    public override string ToString() => kind == "mlp" ? $"mlp:{string.Join(',', widths)}" : kind;

    /// <summary>The layers for a number of features and outputs.</summary>
    /// <exception cref="UserErrorException">The model needs pictures, or larger ones.</exception>
    public IReadOnlyList<Layer> Build(int features, int outputs, ImageSize? image) => kind switch
    {
        "linear" => [Dense(features, outputs)],
        "mlp" => Perceptron(features, outputs),
        _ => Convolutional(outputs, image ?? throw new UserErrorException("--model cnn needs to know the size of the pictures: add --image HxWxC")),
    };

    private static Layer Dense(int inputs, int outputs) => new($"linear {inputs} -> {outputs}", new Linear(inputs, outputs), $"{outputs}");

    private List<Layer> Perceptron(int features, int outputs)
    {
        var layers = new List<Layer>();
        foreach (int width in widths)
        {
            layers.Add(Dense(features, width));
            layers.Add(new("relu", new Relu(), $"{width}"));
            features = width;
        }
        layers.Add(Dense(features, outputs));
        return layers;
    }

    private static List<Layer> Convolutional(int outputs, ImageSize image)
    {
        if (image.Height < 4 || image.Width < 4)
            throw new UserErrorException($"--model cnn halves the picture twice, so it needs at least 4x4 pixels, got {image}");
        const int First = 16, Second = 32, Hidden = 64;
        (int height, int width) = (image.Height, image.Width);
        int channels = image.Channels;
        List<Layer> layers =
        [
            new("pixels", new Reshape(height, width, channels), $"{image}"),
            new("channels first", new ChannelsFirst(), $"{channels}x{height}x{width}"),
        ];
        foreach (int kernels in (int[])[First, Second])
        {
            layers.Add(new($"convolution 3x3, {channels} -> {kernels}", new Conv2D(channels, kernels, 3, padding: 1), $"{kernels}x{height}x{width}"));
            layers.Add(new("relu", new Relu(), $"{kernels}x{height}x{width}"));
            (height, width, channels) = (height / 2, width / 2, kernels);
            layers.Add(new("max pool 2x2", new MaxPool(2), $"{channels}x{height}x{width}"));
        }
        int flat = channels * height * width;
        layers.Add(new("flatten", new Flatten(), $"{flat}"));
        layers.Add(Dense(flat, Hidden));
        layers.Add(new("relu", new Relu(), $"{Hidden}"));
        layers.Add(Dense(Hidden, outputs));
        return layers;
    }
}
