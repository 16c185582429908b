using System.Globalization;

namespace Engine.Optim.Data;

/// <summary>How the features of a row form a picture: row by row, and within a pixel channel by channel.</summary>
/// <param name="Height">Pixels from top to bottom.</param>
/// <param name="Width">Pixels from left to right.</param>
/// <param name="Channels">Values per pixel.</param>
public readonly record struct ImageSize(int Height, int Width, int Channels = 1)
{
    /// <summary>Values per picture.</summary>
    public long Count => (long)Height * Width * Channels;

    /// <summary>Reads <c>28x28</c> or <c>32x32x3</c>.</summary>
    /// <param name="text">Height, width and, unless 1, channels.</param>
    /// <param name="size">The size.</param>
    /// <returns>False when the text is not of this form or a number is not positive.</returns>
    public static bool TryParse(string text, out ImageSize size)
    {
        ArgumentNullException.ThrowIfNull(text);
        size = default;
        string[] parts = text.Split('x', 'X');
        if (parts.Length is not (2 or 3)) return false;
        int[] lengths = [1, 1, 1];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out lengths[i]) || lengths[i] <= 0) return false;
        }
        size = new(lengths[0], lengths[1], lengths[2]);
        return true;
    }

    /// <summary>The form that <see cref="TryParse"/> reads: <c>28x28x1</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}x{Channels}");
}
