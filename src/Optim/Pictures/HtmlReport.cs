using System.Globalization;
using System.Text;

namespace Engine.Optim.Pictures;

/// <summary>
/// Builds a report as one HTML page that needs nothing else: no script, no link, no font. It follows light and dark mode, adapts to narrow screens and prints.
/// All text is escaped.
/// </summary>
public sealed class HtmlReport
{
    private const string Style = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#18181b;--soft:#71717a;--line:#e4e4e7;--shade:#fafafa;--accent:#2563eb}
        @media screen and (prefers-color-scheme:dark){:root{--paper:#18181b;--ink:#f4f4f5;--soft:#a1a1aa;--line:#3f3f46;--shade:#1f1f23;--accent:#60a5fa}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:76rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
        h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.01em;margin:0 0 .4rem}
        h2{font-size:1.2rem;margin:2.6rem 0 .9rem;padding-bottom:.35rem;border-bottom:1px solid var(--line)}
        p{margin:.6rem 0;max-width:46rem}.lead{color:var(--soft);margin-bottom:1.4rem}
        dl{display:flex;flex-wrap:wrap;gap:1px;margin:1rem 0;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
        dl div{flex:1 1 10rem;background:var(--shade);padding:.7rem 1rem}
        dt{font-size:.8rem;color:var(--soft)}dd{margin:0;font-size:1.1rem;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .scroll{overflow-x:auto;margin:1rem 0}
        table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
        th,td{text-align:left;padding:.4rem 1.4rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
        th{font-weight:600;color:var(--soft);white-space:nowrap}.n{text-align:right}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.2rem;margin:1rem 0}
        figure{margin:0;border:1px solid var(--line);border-radius:10px;padding:.5rem;max-width:46rem}
        figure svg{display:block;max-width:100%;height:auto}
        figcaption{color:var(--soft);font-size:.88rem;padding:.2rem .6rem .4rem;max-width:40rem}
        pre{background:var(--shade);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;overflow-x:auto;font:.85rem/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
        @media print{main{max-width:none;padding:0}.figures{grid-template-columns:1fr 1fr}h2{break-after:avoid}figure,dl,tr,pre{break-inside:avoid}body{font-size:11pt}}
        """;

    private readonly string title;
    private readonly StringBuilder body = new();
    private bool inFigures;

    /// <summary>Begins a report.</summary>
    /// <param name="title">The heading of the page and its name in the browser.</param>
    /// <param name="lead">A sentence below the heading; may be empty.</param>
    public HtmlReport(string title, string lead = "")
    {
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(lead);
        this.title = title;
        body.Append("<h1>").Append(SvgWriter.Escape(title)).Append("</h1>\n");
        if (lead.Length > 0) body.Append("<p class=\"lead\">").Append(SvgWriter.Escape(lead)).Append("</p>\n");
    }

    /// <summary>Begins a section.</summary>
    /// <param name="heading">Its heading.</param>
    /// <returns>This report.</returns>
    public HtmlReport Section(string heading) => Add($"<h2>{SvgWriter.Escape(heading)}</h2>\n");

    /// <summary>Adds a paragraph.</summary>
    /// <param name="text">Plain text.</param>
    /// <returns>This report.</returns>
    public HtmlReport Paragraph(string text) => Add($"<p>{SvgWriter.Escape(text)}</p>\n");

    /// <summary>Adds text whose spaces and line ends matter, such as a configuration or a log.</summary>
    /// <param name="text">Plain text.</param>
    /// <returns>This report.</returns>
    public HtmlReport Preformatted(string text) => Add($"<pre>{SvgWriter.Escape(text)}</pre>\n");

    /// <summary>Adds a few named values that are seen at a glance.</summary>
    /// <param name="values">Names and values, as text.</param>
    /// <returns>This report.</returns>
    public HtmlReport KeyValues(params IReadOnlyList<(string Name, string Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0) return this;
        var html = new StringBuilder("<dl>\n");
        foreach (var (name, value) in values) html.Append($"<div><dt>{SvgWriter.Escape(name)}</dt><dd>{SvgWriter.Escape(value)}</dd></div>\n");
        return Add(html.Append("</dl>\n").ToString());
    }

    /// <summary>Adds a table. Columns in which every cell is a number are aligned to the right.</summary>
    /// <param name="headers">A heading per column.</param>
    /// <param name="rows">The rows, each with a cell per column.</param>
    /// <returns>This report.</returns>
    /// <exception cref="ArgumentException">A row has more or fewer cells than there are headings.</exception>
    public HtmlReport Table(IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(rows);
        for (int r = 0; r < rows.Count; r++)
        {
            if (rows[r].Count != headers.Count) throw new ArgumentException($"row {r} has {rows[r].Count} cells, expected {headers.Count} as in the headings", nameof(rows));
        }

        string[] align = [.. Enumerable.Range(0, headers.Count).Select(c => rows.Count > 0 && rows.All(r => LooksNumeric(r[c])) ? " class=\"n\"" : "")];
        var html = new StringBuilder("<div class=\"scroll\"><table>\n<thead><tr>");
        for (int c = 0; c < headers.Count; c++) html.Append($"<th{align[c]}>{SvgWriter.Escape(headers[c])}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var row in rows)
        {
            html.Append("<tr>");
            for (int c = 0; c < row.Count; c++) html.Append($"<td{align[c]}>{SvgWriter.Escape(row[c])}</td>");
            html.Append("</tr>\n");
        }

        return Add(html.Append("</tbody></table></div>\n").ToString());
    }

    /// <summary>Adds a picture. Pictures that follow one another stand side by side where there is room.</summary>
    /// <param name="svg">An SVG picture, as the charts of this namespace give it. It is the only thing that is not escaped.</param>
    /// <param name="caption">A sentence below the picture; may be empty.</param>
    /// <returns>This report.</returns>
    /// <exception cref="ArgumentException"><paramref name="svg"/> does not begin with an svg element.</exception>
    public HtmlReport Figure(string svg, string caption = "")
    {
        ArgumentNullException.ThrowIfNull(svg);
        ArgumentNullException.ThrowIfNull(caption);
        if (!svg.StartsWith("<svg", StringComparison.Ordinal)) throw new ArgumentException("a figure is an SVG picture and begins with <svg", nameof(svg));

        if (!inFigures) body.Append("<div class=\"figures\">\n");
        inFigures = true;
        body.Append("<figure>\n").Append(svg);
        if (caption.Length > 0) body.Append("<figcaption>").Append(SvgWriter.Escape(caption)).Append("</figcaption>\n");
        body.Append("</figure>\n");
        return this;
    }

    /// <summary>The page.</summary>
    /// <returns>An HTML document in UTF-8.</returns>
    public string ToHtml()
    {
        string head = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
        string style = $"<title>{SvgWriter.Escape(title)}</title>\n<style>\n{Style.ReplaceLineEndings("\n")}\n</style>\n</head>\n";
        return $"{head}{style}<body>\n<main>\n{body}{(inFigures ? "</div>\n" : "")}</main>\n</body>\n</html>\n";
    }

    /// <summary>A number, perhaps with a unit after a space or a percent sign: columns of such cells read better with their ends aligned.</summary>
    private static bool LooksNumeric(string cell)
    {
        int space = cell.IndexOf(' ', StringComparison.Ordinal);
        var number = cell.AsSpan(0, space < 0 ? cell.Length : space).TrimEnd('%');
        return cell.Length == 0 || double.TryParse(number, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out _);
    }

    private HtmlReport Add(string html)
    {
        if (inFigures) body.Append("</div>\n");
        inFigures = false;
        body.Append(html);
        return this;
    }
}
