using System.Globalization;
using System.Text;

namespace Engine.Optim.Pictures;

/// <summary>Puts an SVG picture together: elements, escaping, numbers in invariant culture, and the style sheet that all charts share.</summary>
internal sealed class SvgWriter
{
    /// <summary>The number of series colours in the style sheet.</summary>
    public const int Colors = 8;

    /// <summary>The size of headings for estimates of their width: bold text of 14 pixels is as wide as plain text of 15.</summary>
    public const double TitleSize = 15;

    // Classes with plain colours and a media query, not variables: some viewers know the former only, and then show the light picture.
    private const string Style = """
        .ec{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:12px;font-variant-numeric:tabular-nums}
        .ec-bg{fill:#fff}.ec-title{fill:#18181b;font-size:14px;font-weight:600}.ec-text{fill:#3f3f46}.ec-soft{fill:#71717a}
        .ec-grid{stroke:#e4e4e7}.ec-axis{stroke:#a1a1aa}.ec-line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.ec-dot{stroke-width:6}
        .ec-empty{fill:#f4f4f5}.ec-none{fill:#d4d4d8}.ec-cool{fill:#2563eb}.ec-warm{fill:#ea580c}.ec-on{fill:#fff}
        .ec-s0{stroke:#2563eb}.ec-s1{stroke:#ea580c}.ec-s2{stroke:#059669}.ec-s3{stroke:#c026d3}.ec-s4{stroke:#0891b2}.ec-s5{stroke:#a16207}.ec-s6{stroke:#dc2626}.ec-s7{stroke:#52525b}
        @media screen and (prefers-color-scheme:dark){
        .ec-bg{fill:#18181b}.ec-title{fill:#fafafa}.ec-text{fill:#d4d4d8}.ec-soft{fill:#a1a1aa}
        .ec-grid{stroke:#3f3f46}.ec-axis{stroke:#71717a}
        .ec-empty{fill:#27272a}.ec-none{fill:#52525b}.ec-cool{fill:#3b82f6}.ec-warm{fill:#f97316}
        .ec-s0{stroke:#60a5fa}.ec-s1{stroke:#fb923c}.ec-s2{stroke:#34d399}.ec-s3{stroke:#e879f9}.ec-s4{stroke:#22d3ee}.ec-s5{stroke:#facc15}.ec-s6{stroke:#f87171}.ec-s7{stroke:#a1a1aa}
        }
        """;

    private readonly StringBuilder text = new();

    public SvgWriter(double width, double height, string title)
    {
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ec\" role=\"img\" aria-label=\"{Escape(title)}\" ");
        text.Append(CultureInfo.InvariantCulture, $"width=\"{N(width)}\" height=\"{N(height)}\" viewBox=\"0 0 {N(width)} {N(height)}\">\n");
        text.Append("<style>\n").Append(Style.ReplaceLineEndings("\n")).Append("\n</style>\n");
        Rectangle(0, 0, width, height, "ec-bg");
        if (title.Length > 0) Text(16, 24, Fit(title, width - 32, TitleSize), "ec-title", "start");
    }

    /// <summary>A coordinate: at most two decimals, which is finer than any screen.</summary>
    public static string N(double value) => (Math.Round(value, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Text for XML and HTML, in content and in attributes; what XML cannot carry becomes a replacement character.</summary>
    public static string Escape(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var escaped = new StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                (< ' ' and not ('\t' or '\n' or '\r')) or 0xFFFE or 0xFFFF => escaped.Append('\uFFFD'),
                _ => escaped.Append(rune.ToString()),
            };
        }

        return escaped.ToString();
    }

    /// <summary>About how wide a text is. The font is the viewer's, so this is an estimate, on the generous side.</summary>
    public static double WidthOf(string value, double size = 12)
    {
        double width = 0;
        foreach (var rune in value.EnumerateRunes())
        {
            width += rune.Value switch
            {
                >= 0x2E80 => 1.0,
                'i' or 'l' or 'j' or 'I' or '.' or ',' or ':' or ';' or '\'' or '|' or ' ' or '!' => 0.33,
                'm' or 'w' or 'M' or 'W' or '@' or '%' => 0.9,
                >= 'A' and <= 'Z' => 0.7,
                _ => 0.62,
            };
        }

        return width * size;
    }

    /// <summary>The text, cut with an ellipsis when it is wider than the room there is.</summary>
    public static string Fit(string value, double room, double size = 12)
    {
        if (WidthOf(value, size) <= room) return value;
        var runes = value.EnumerateRunes().ToArray();
        int kept = runes.Length - 1;
        while (kept > 0 && WidthOf(string.Concat(runes.Take(kept)) + "…", size) > room) kept--;
        return string.Concat(runes.Take(kept)) + "…";
    }

    public void Rectangle(double x, double y, double width, double height, string style, double opacity = 1)
    {
        text.Append(CultureInfo.InvariantCulture, $"<rect class=\"{style}\" x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(width)}\" height=\"{N(height)}\"");
        if (opacity < 1) text.Append(CultureInfo.InvariantCulture, $" fill-opacity=\"{N(opacity)}\"");
        text.Append("/>\n");
    }

    public void Line(double x0, double y0, double x1, double y1, string style, string extra = "") =>
        text.Append(CultureInfo.InvariantCulture, $"<line class=\"{style}\" x1=\"{N(x0)}\" y1=\"{N(y0)}\" x2=\"{N(x1)}\" y2=\"{N(y1)}\"{extra}/>\n");

    /// <summary>Adds a path. <paramref name="title"/> is what viewers show when the mouse rests on it.</summary>
    public void Path(string data, string style, string extra = "", string? title = null)
    {
        text.Append(CultureInfo.InvariantCulture, $"<path class=\"{style}\" d=\"{data}\"{extra}");
        text.Append(title is null ? "/>\n" : $"><title>{Escape(title)}</title></path>\n");
    }

    /// <summary>Adds text whose baseline is at <paramref name="y"/>, turned counterclockwise by <paramref name="turn"/> degrees around its anchor.</summary>
    public void Text(double x, double y, string value, string style, string anchor, double turn = 0, double size = 0)
    {
        text.Append(CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\"");
        if (size > 0) text.Append(CultureInfo.InvariantCulture, $" font-size=\"{N(size)}px\"");
        if (turn != 0) text.Append(CultureInfo.InvariantCulture, $" transform=\"rotate({N(-turn)} {N(x)} {N(y)})\"");
        text.Append('>').Append(Escape(value)).Append("</text>\n");
    }

    /// <summary>Closes the picture and returns it.</summary>
    public string Finish() => text.Append("</svg>\n").ToString();
}
