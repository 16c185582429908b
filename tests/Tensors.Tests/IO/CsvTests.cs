using System.Globalization;
using System.Text;
using Engine.Tensors.IO;

namespace Engine.Tensors.Tests.IO;

public sealed class CsvTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CsvTable Parse(string text) => CsvTable.Parse(Encoding.UTF8.GetBytes(text), "data.csv");

    private static string Rejected(string text) => Assert.Throws<DataFormatException>(() => Parse(text)).Message;

    [Fact]
    public void ReadsNamesNumbersAndText()
    {
        var table = Parse("x,label,y\n1,cat,-2.5e3\n 0.5 ,dog,7\n");

        Assert.Equal(["x", "label", "y"], table.Columns);
        Assert.Equal(2, table.RowCount);
        Assert.Equal([1, 0.5], table.NumericColumn(0));
        Assert.Equal(["cat", "dog"], table.TextColumn(1));
        Assert.Equal([-2500, 7], table.NumericColumn(2));
        Assert.Equal(2, table.IndexOf("y"));
    }

    [Theory]
    [InlineData("a,b\n1,2")]
    [InlineData("a,b\n1,2\n")]
    [InlineData("a,b\r\n1,2\r\n")]
    [InlineData("a,b\n1,2\n\n\r\n")]
    [InlineData("\uFEFFa,b\n1,2\n")]
    [InlineData("\"a\",\"b\"\n\"1\",\"2\"\n")]
    [InlineData("\uFEFF\"a\",b\n1,\"2\"")]
    public void LineEndsMarksAndQuotesDoNotMatter(string text)
    {
        var table = Parse(text);

        Assert.Equal(["a", "b"], table.Columns);
        Assert.Equal(1, table.RowCount);
        Assert.Equal([1], table.NumericColumn(0));
        Assert.Equal([2], table.NumericColumn(1));
    }

    [Theory]
    [InlineData("\"a,b\"", "a,b")]
    [InlineData("\"say \"\"hi\"\"\"", "say \"hi\"")]
    [InlineData("\"\"\"\"", "\"")]
    [InlineData("\"\"", "")]
    [InlineData("", "")]
    [InlineData("\"two\nlines\"", "two\nlines")]
    [InlineData("\"\"\"\"\"\"", "\"\"")]
    [InlineData(" spaced ", " spaced ")]
    [InlineData("Zürich 東京 😀", "Zürich 東京 😀")]
    public void CellsAreUnquoted(string cell, string expected)
    {
        Assert.Equal([expected, "x"], Parse($"id,name\n1,{cell}\n2,x\n").TextColumn(1));
        Assert.Equal([expected], Parse($"id,name\n1,{cell}").TextColumn(1));
        Assert.Equal([expected], Parse($"name,id\n{cell},1").TextColumn(0));
    }

    [Theory]
    [InlineData("", "data.csv: the file is empty")]
    [InlineData("\uFEFF", "data.csv: the file is empty")]
    [InlineData("\n\r\n", "data.csv: the file is empty")]
    [InlineData("a,b", "data.csv: no data rows")]
    [InlineData("a,b\r\n\r\n", "data.csv: no data rows")]
    [InlineData("\na,b\n1,2", "data.csv line 1: the line is empty")]
    [InlineData("a,b\n1,2\n\n3,4\n", "data.csv line 3: the line is empty")]
    [InlineData("a\n1\n\n3\n", "data.csv line 3: the line is empty")]
    [InlineData("a,b,c\n1,2,3\n1,2\n", "data.csv line 3: 2 columns, expected 3 as in the header")]
    [InlineData("a,b,c\n1,2,3\n1,2,3,\n", "data.csv line 3: 4 columns, expected 3 as in the header")]
    [InlineData("a,b\n1;2\n", "data.csv line 2: 1 column, expected 2 as in the header")]
    [InlineData("a,b\n\"x\ny\",2\n3\n", "data.csv line 4: 1 column, expected 2 as in the header")]
    [InlineData("a,b,a\n1,2,3\n", "data.csv line 1: columns 1 and 3 are both named 'a'")]
    [InlineData("a,b\n1,2\n3,\"x\n4,5\n", "data.csv line 3: the quote that begins here is never closed")]
    [InlineData("a,b\n1,\"x\"\"", "data.csv line 2: the quote that begins here is never closed")]
    [InlineData("a,b\n1,\"x\ny\"z\n", "data.csv line 3: text after a closing quote, expected a comma or the end of the line")]
    [InlineData("a,b\n1, \"x\"\n", "data.csv line 2: quote inside a cell that does not begin with one")]
    [InlineData("a,b\r1,2\r", "data.csv line 1: carriage return without a line feed")]
    [InlineData("a,b\n1,2\r", "data.csv line 2: carriage return without a line feed")]
    public void BadStructureIsRejected(string text, string message) => Assert.Equal(message, Rejected(text));

    [Fact]
    public void ManyMissingColumnsAreCounted()
    {
        string header = string.Join(',', Enumerable.Range(0, 65).Select(i => $"p{i:00}"));
        string good = string.Join(',', Enumerable.Repeat("0", 65));
        var rows = Enumerable.Repeat(good, 15).Append(good[..^2]);

        Assert.Equal("data.csv line 17: 64 columns, expected 65 as in the header", Rejected($"{header}\n{string.Join('\n', rows)}\n"));
    }

    [Theory]
    [InlineData("abc", "data.csv line 5, column 'p03': 'abc' is not a number")]
    [InlineData("", "data.csv line 5, column 'p03': '' is not a number")]
    [InlineData("1.5.2", "data.csv line 5, column 'p03': '1.5.2' is not a number")]
    [InlineData("\"1,5\"", "data.csv line 5, column 'p03': '1,5' is not a number")]
    [InlineData("NaN", "data.csv line 5, column 'p03': 'NaN' is not finite")]
    [InlineData("-Infinity", "data.csv line 5, column 'p03': '-Infinity' is not finite")]
    [InlineData("1e999", "data.csv line 5, column 'p03': '1e999' is not finite")]
    [InlineData("\"x\ny\"", "data.csv line 5, column 'p03': 'x y' is not a number")]
    [InlineData("01234567890123456789012345678901234567890123456789x",
        "data.csv line 5, column 'p03': '0123456789012345678901234567890123456789...' is not a number")]
    public void BadNumbersAreRejected(string cell, string message)
    {
        var table = Parse($"name,p03\n\"two\nlines\",1\nb,2\nc,{cell}\n");

        Assert.Equal(message, Assert.Throws<DataFormatException>(() => table.NumericColumn(1)).Message);
    }

    [Fact]
    public void InvalidUtf8IsRejectedWithItsLine()
    {
        byte[] latin1 = [.. "a,b\n1,2\n3,"u8, 0xE9, .. "\n"u8];
        byte[] utf16 = [0xFF, 0xFE, (byte)'a', 0];
        byte[] cut = [.. "a\n1\n"u8, 0xC3];

        Assert.Equal("data.csv line 3: byte 0xE9 is not valid UTF-8. Save the file as UTF-8.", Assert.Throws<DataFormatException>(() => CsvTable.Parse(latin1, "data.csv")).Message);
        Assert.Equal("data.csv line 1: byte 0xFF is not valid UTF-8. Save the file as UTF-8.", Assert.Throws<DataFormatException>(() => CsvTable.Parse(utf16, "data.csv")).Message);
        Assert.Equal("data.csv line 3: byte 0xC3 is not valid UTF-8. Save the file as UTF-8.", Assert.Throws<DataFormatException>(() => CsvTable.Parse(cut, "data.csv")).Message);
    }

    [Fact]
    public void UnknownColumnsAreRejected()
    {
        var table = Parse("a,b\n1,2\n");
        var wide = Parse(string.Join(',', Enumerable.Range(0, 12)) + "\n" + string.Join(',', Enumerable.Range(0, 12)));

        Assert.Equal("data.csv: no column 'c', the columns are 'a', 'b'", Assert.Throws<DataFormatException>(() => table.IndexOf("c")).Message);
        Assert.EndsWith("'8', '9' and 2 more", Assert.Throws<DataFormatException>(() => wide.IndexOf("c")).Message, StringComparison.Ordinal);
        Assert.StartsWith("data.csv: there are 2 columns, counted from 0", Assert.Throws<ArgumentOutOfRangeException>(() => table.NumericColumn(2)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.TextColumn(-1));
    }

    [Fact]
    public void FilesAreNamedAsGiven()
    {
        var path = folder["bad.csv"];
        File.WriteAllText(path, "a,b\n1\n");

        Assert.Equal($"{path} line 2: 1 column, expected 2 as in the header", Assert.Throws<DataFormatException>(() => CsvTable.Read(path)).Message);
        Assert.Equal("no/such.csv: no such file", Assert.Throws<FileNotFoundException>(() => CsvTable.Read("no/such.csv")).Message);
        Assert.Equal($"{folder.Root}: is a folder, expected a CSV file", Assert.Throws<IOException>(() => CsvTable.Read(folder.Root)).Message);
    }

    [Fact]
    public void CultureDoesNotMatter()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
        try
        {
            Assert.Equal([-1.5], Parse("a\n-1.5\n").NumericColumn(0));
            Assert.Equal("-1.5", CsvWriter.Number(-1.5));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void WhatIsWrittenReadsBack()
    {
        string[][] rows = [["n", "te\"xt", "v,w"], ["1", "", "two\r\nlines"], [CsvWriter.Number(0.1f), "\"", "é"]];
        using var writer = new StringWriter();
        foreach (var row in rows) CsvWriter.WriteRow(writer, row);

        Assert.Equal("n,\"te\"\"xt\",\"v,w\"\n1,,\"two\r\nlines\"\n0.1,\"\"\"\",é\n", writer.ToString());
        var table = Parse(writer.ToString());
        Assert.Equal(rows[0], table.Columns);
        for (int c = 0; c < 3; c++) Assert.Equal([rows[1][c], rows[2][c]], table.TextColumn(c));
    }

    [Fact]
    public void NumbersAndEmptyCellsSurviveTheRoundTrip()
    {
        double[] values = [0.1, -1.0 / 3, double.Epsilon, double.MaxValue, 1e22, -0.0];
        using var writer = new StringWriter();
        CsvWriter.WriteRow(writer, "a", "b", "c", "d", "e", "f");
        CsvWriter.WriteRow(writer, values);
        var table = Parse(writer.ToString());
        for (int c = 0; c < values.Length; c++) Assert.Equal(BitConverter.DoubleToInt64Bits(values[c]), BitConverter.DoubleToInt64Bits(table.NumericColumn(c)[0]));

        using var single = new StringWriter();
        CsvWriter.WriteRow(single, "only");
        CsvWriter.WriteRow(single, "");
        CsvWriter.WriteRow(single, "x");
        Assert.Equal(["", "x"], Parse(single.ToString()).TextColumn(0));
        Assert.Throws<ArgumentException>(() => CsvWriter.WriteRow(single, ReadOnlySpan<string>.Empty));
    }

    [Fact]
    public void DamagedInputIsReadOrRejectedButNeverBreaks()
    {
        byte[] alphabet = [.. "\",\n\r1a "u8, 0xC3, 0xA9, 0];
        var random = new Random(7);
        int accepted = 0;
        for (int i = 0; i < 20_000; i++)
        {
            var noise = new byte[random.Next(12)];
            foreach (ref var b in noise.AsSpan()) b = alphabet[random.Next(alphabet.Length)];
            byte[] bytes = i % 2 == 0 ? noise : [.. "x,y\n"u8, .. noise];
            try
            {
                var table = CsvTable.Parse(bytes, "data.csv");
                for (int c = 0; c < table.Columns.Count; c++) Assert.Equal(table.RowCount, table.TextColumn(c).Length);
                accepted++;
            }
            catch (DataFormatException e)
            {
                Assert.StartsWith("data.csv", e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.InRange(accepted, 100, 19_000);
    }
}
