using System.Xml.Linq;
using Engine.Optim.Pictures;

namespace Engine.Optim.Tests.Pictures;

public sealed class HtmlReportTests
{
    private const string Nasty = "<script>alert('x')</script> & \"q\"";

    /// <summary>The page is XML but for its first line, which makes structure testable.</summary>
    private static XElement Parse(HtmlReport report) => XElement.Parse(report.ToHtml().Replace("<!DOCTYPE html>\n", "", StringComparison.Ordinal));

    [Fact]
    public void APageHasItsPartsInOrder()
    {
        var page = Parse(new HtmlReport("Title", "Lead")
            .Section("One").Paragraph("Text").KeyValues(("a", "1"), ("b", "2"))
            .Figure(new LineChart().ToSvg(), "First").Figure(new LineChart().ToSvg())
            .Section("Two").Table(["name", "count"], [["x", "1"], ["y", "2,000"]]).Preformatted("a\n  b"));
        var main = page.Element("body")!.Element("main")!;

        Assert.Equal(["h1", "p", "h2", "p", "dl", "div", "h2", "div", "pre"], main.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("Title", page.Element("head")!.Element("title")!.Value);
        Assert.Equal(2, main.Elements("div").First().Elements("figure").Count());
        Assert.Equal("First", main.Descendants("figcaption").Single().Value);
        Assert.Equal(["x", "1", "y", "2,000"], main.Descendants("td").Select(c => c.Value));
        Assert.Equal([false, true, false, true], main.Descendants("td").Select(c => c.Attribute("class") is not null));
        Assert.Equal("a\n  b", main.Element("pre")!.Value);
    }

    [Fact]
    public void TextIsEscapedEverywhere()
    {
        var report = new HtmlReport(Nasty, Nasty).Section(Nasty).Paragraph(Nasty).Preformatted(Nasty).KeyValues((Nasty, Nasty))
            .Table([Nasty], [[Nasty]]).Figure(new LineChart { Title = Nasty }.ToSvg(), Nasty);
        var page = Parse(report);

        Assert.Empty(page.Descendants("script"));
        Assert.DoesNotContain("<script", report.ToHtml(), StringComparison.Ordinal);
        foreach (var name in new[] { "title", "h1", "h2", "pre", "dt", "dd", "th", "td", "figcaption" }) Assert.Equal(Nasty, page.Descendants(name).Single().Value);
    }

    [Fact]
    public void NothingIsLoadedFromElsewhere()
    {
        string html = new HtmlReport("t").Figure(new LineChart().ToSvg()).ToHtml();

        foreach (var word in new[] { "<link", "<img", "<script", "src=", "href=", "@import", "url(" }) Assert.DoesNotContain(word, html, StringComparison.Ordinal);
        Assert.Equal(1, html.Split("http").Length - 1); // the name of the SVG namespace
    }

    [Fact]
    public void AnEmptyReportAndEmptyPartsAreFine()
    {
        Assert.Single(Parse(new HtmlReport("t")).Descendants("main").Single().Elements());
        Assert.Empty(Parse(new HtmlReport("t").KeyValues()).Descendants("dl"));
        Assert.Empty(Parse(new HtmlReport("t").Table(["a"], [])).Descendants("td"));
    }

    [Fact]
    public void WrongArgumentsAreNamed()
    {
        var ragged = Assert.Throws<ArgumentException>(() => new HtmlReport("t").Table(["a", "b"], [["1", "2"], ["1"]]));
        Assert.StartsWith("row 1 has 1 cells, expected 2 as in the headings", ragged.Message, StringComparison.Ordinal);
        var figure = Assert.Throws<ArgumentException>(() => new HtmlReport("t").Figure("<script/>"));
        Assert.StartsWith("a figure is an SVG picture and begins with <svg", figure.Message, StringComparison.Ordinal);
    }
}
