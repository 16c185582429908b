using Engine.Optim.Data;
using Engine.Tensors;
using Engine.Tensors.IO;

namespace Engine.Optim.Tests.Data;

public sealed class DataFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void CsvTakesTheLastColumnAsLabel()
    {
        DataTable table = DataFiles.Read(Csv("a,b,kind\n1,2,cat\n3,4,ant\n5,6,cat\n"));
        Assert.Equal(["a", "b"], table.Columns);
        Assert.Equal([1, 2, 3, 4, 5, 6], table.Values.ToArray());

        DataSet data = table.ToDataSet();
        Assert.Equal(["ant", "cat"], data.ClassNames);
        Assert.Equal([1, 0, 1], data.Labels.ToArray());
    }

    [Fact]
    public void CsvTakesANamedColumnAsLabel()
    {
        DataTable table = DataFiles.Read(Csv("kind,a\n2,1.5\n10,2.5\n2,3.5\n"), "kind");
        Assert.Equal(["a"], table.Columns);
        DataSet data = table.ToDataSet();
        Assert.Equal(["2", "10"], data.ClassNames);
        Assert.Equal([0, 1, 0], data.Labels.ToArray());
    }

    [Fact]
    public void FractionsAndManyNumbersAreTargets()
    {
        Assert.Equal([0.5f, 1.5f], DataFiles.Read(Csv("a,y\n1,0.5\n2,1.5\n")).ToDataSet().Targets.ToArray());
        string many = "a,y\n" + string.Concat(Enumerable.Range(0, 150).Select(i => $"{i},{i * 7}\n"));
        Assert.False(DataFiles.Read(Csv(many)).ToDataSet().IsClassification);
    }

    [Fact]
    public void ALabelMayBeMissingForAModel()
    {
        DataTable without = DataFiles.Read(Csv("b,a\n1,2\n"), null, null, ["a", "b"]).Arrange(["a", "b"]);
        Assert.Null(without.Label);
        Assert.Equal([2, 1], without.Values.ToArray());
        Assert.NotNull(DataFiles.Read(Csv("a,b,kind\n1,2,x\n"), null, null, ["a", "b"]).Label);
        Assert.Null(DataFiles.Read(Csv("a,b\n1,2\n"), "kind", null, ["a", "b"]).Label);
    }

    [Theory]
    [InlineData("a,y\n1,x\n2\n", "line 3: 1 column, expected 2 as in the header")]
    [InlineData("a,y\n1,x\nbad,z\n", "line 3, column 'a': 'bad' is not a number")]
    [InlineData("a,y\n1,x\nNaN,z\n", "line 3, column 'a': 'NaN' is not finite")]
    [InlineData("a,y\n1,x\n1e39,z\n", "line 3, column 'a'")]
    [InlineData("a,y\n1,\n", "line 2, column 'y': the label is empty")]
    [InlineData("a,y\n1,x\n2,x\n", "all rows have 'x' in column 'y'")]
    [InlineData("a,y\n1,1.5\n2,oops\n", "line 3, column 'y': 'oops' is not a number")]
    [InlineData("y\n1\n2\n", "no feature column")]
    [InlineData("", "the file is empty")]
    [InlineData("a,y\n", "no data rows")]
    public void BadTablesAreNamed(string content, string problem)
    {
        string path = Csv(content);
        var error = Assert.Throws<DataFormatException>(() => DataFiles.Read(path).ToDataSet());
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LabelsThatAreAllDifferentAreNoClasses()
    {
        string path = Csv("a,y\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"1,name{i}\n")));
        var error = Assert.Throws<DataFormatException>(() => DataFiles.Read(path).ToDataSet());
        Assert.Contains("40 different labels in 40 rows", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ColumnsMustBeThoseOfTheModel()
    {
        DataTable table = DataFiles.Read(Csv("a,b,y\n1,2,3\n"));
        Assert.Contains("no column 'c'", Assert.Throws<DataFormatException>(() => table.Arrange(["a", "b", "c"])).Message, StringComparison.Ordinal);
        Assert.Contains("no column 'b'", Assert.Throws<DataFormatException>(() => table.Arrange(["a"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LabelsMustBeClassesOfTheModel()
    {
        DataTable table = DataFiles.Read(Csv("a,y\n1,x\n1,q\n"));
        Assert.Contains("line 3: the label 'q'", Assert.Throws<DataFormatException>(() => table.ToClasses(["x", "y"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte", "train-labels-idx1-ubyte")]
    [InlineData("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")]
    [InlineData("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte.gz")]
    public void IdxPicturesFindTheirLabels(string pictures, string labels)
    {
        Idx.Write(folder[pictures], Tensor.Of<byte>([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3]));
        var alone = Assert.Throws<DataFormatException>(() => DataFiles.Read(folder[pictures]));
        Assert.Contains("label file", alone.Message, StringComparison.Ordinal);

        Idx.Write(folder[labels], Tensor.Of<byte>([7, 4]));
        DataSet data = DataFiles.Read(folder[pictures]).ToDataSet();
        Assert.Equal(new ImageSize(2, 3), data.Image);
        Assert.Equal(["4", "7"], data.ClassNames);
        Assert.Equal([1, 0], data.Labels.ToArray());
        Assert.Equal(12, data.FeatureValues[^1]);
    }

    [Fact]
    public void NpyIsATable()
    {
        Npy.Write(folder["t.npy"], Tensor.Of<double>([1, 2, 0, 3, 4, 1], [2, 3]));
        DataSet data = DataFiles.Read(folder["t.npy"]).ToDataSet();
        Assert.Equal(["c0", "c1"], data.Columns);
        Assert.Equal([1, 2, 3, 4], data.FeatureValues.ToArray());
        Assert.Equal([0, 1], data.Labels.ToArray());

        Assert.Equal([2, 0, 4, 1], DataFiles.Read(folder["t.npy"], "c0").Values.ToArray());
        Assert.Throws<DataFormatException>(() => DataFiles.Read(folder["t.npy"], "c3"));
        Assert.Null(DataFiles.Read(folder["t.npy"], null, null, ["c0", "c1", "c2"]).Label);
    }

    [Fact]
    public void NpzHoldsFeaturesAndLabels()
    {
        Npz.Write(folder["t.npz"], [new("x", Tensor.Of<byte>([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])), new("y", Tensor.Of<long>([3, 5]))]);
        DataSet data = DataFiles.Read(folder["t.npz"]).ToDataSet();
        Assert.Equal(new ImageSize(2, 2), data.Image);
        Assert.Equal(["3", "5"], data.ClassNames);

        Npz.Write(folder["u.npz"], [new("a", Tensor.Of<float>([1, 2])), new("b", Tensor.Of<float>([1, 2]))]);
        Assert.Contains("the arrays a, b", Assert.Throws<DataFormatException>(() => DataFiles.Read(folder["u.npz"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatAreNoDataAreNamed()
    {
        Assert.Throws<FileNotFoundException>(() => DataFiles.Read(folder["none.csv"]));
        Assert.Throws<IOException>(() => DataFiles.Read(folder.Root));
        File.WriteAllText(folder["notes.txt"], "hello");
        Assert.Contains(".csv", Assert.Throws<DataFormatException>(() => DataFiles.Read(folder["notes.txt"])).Message, StringComparison.Ordinal);
    }

    private string Csv(string content)
    {
        File.WriteAllText(folder["data.csv"], content);
        return folder["data.csv"];
    }
}
