namespace Engine.Cli.Tests;

/// <summary>Input that cannot be used: exit code 2, one line that names it, and nothing written.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("--epochs", "0", "--epochs '0' is not allowed, expected a whole number from 1 to 1000000")]
    [InlineData("--epochs", "-3", "--epochs '-3'")]
    [InlineData("--epochs", "many", "--epochs 'many'")]
    [InlineData("--epochs", "2.5", "--epochs '2.5'")]
    [InlineData("--batch", "0", "--batch '0' is not allowed, expected a whole number of at least 1")]
    [InlineData("--batch", "-1", "--batch '-1'")]
    [InlineData("--lr", "0", "--lr '0' is not allowed, expected a number above 0")]
    [InlineData("--lr", "-0.1", "--lr '-0.1'")]
    [InlineData("--lr", "NaN", "--lr 'NaN'")]
    [InlineData("--lr", "fast", "--lr 'fast'")]
    [InlineData("--seed", "-1", "--seed '-1' is not allowed, expected a whole number of at least 0")]
    [InlineData("--seed", "x", "--seed 'x'")]
    [InlineData("--test-fraction", "0", "--test-fraction '0' is not allowed, expected a number between 0 and 1")]
    [InlineData("--test-fraction", "1", "--test-fraction '1'")]
    [InlineData("--threads", "0", "--threads '0' is not allowed, expected a whole number from 1 to 1024")]
    [InlineData("--task", "rank", "--task 'rank' is unknown, expected classify or regress")]
    [InlineData("--optimizer", "newton", "--optimizer 'newton' is unknown, expected sgd, adam, adamw, lion, sign, dualized, muon, normuon, muadam, shampoo, soap, prodigy or agd")]
    [InlineData("--model", "forest", "--model 'forest' is unknown, expected mlp:128,64, cnn or linear")]
    [InlineData("--model", "mlp:", "'' is not a layer width")]
    [InlineData("--model", "mlp:8,0", "'0' is not a layer width")]
    [InlineData("--model", "mlp:8,-2", "'-2' is not a layer width")]
    [InlineData("--model", "", "--model '' is empty")]
    [InlineData("--model", "cnn", "--model cnn needs to know the size of the pictures: add --image HxWxC")]
    [InlineData("--image", "3", "--image '3' is no size of pictures")]
    [InlineData("--image", "0x3", "--image '0x3' is no size of pictures")]
    [InlineData("--image", "2x2", "--image 2x2: a picture of this size has 4 values, a row of trees.csv has 3")]
    [InlineData("--label", "colour", "trees.csv: no column 'colour', the columns are 'height', 'width', 'leaf', 'kind'")]
    [InlineData("--task", "regress", "trees.csv line 2, column 'kind'")]
    [InlineData("--batch", "100", "--batch 100: the 80 training rows (of 100, less those for testing) are fewer than a batch")]
    [InlineData("--out", "trees.csv", "--out trees.csv: is a file, expected a folder")]
    [InlineData("--out", "full", "--out full: the folder is not empty")]
    [InlineData("--out", "trees.csv/run", "--out trees.csv/run: the folder cannot be written")]
    [InlineData("--resume", "nowhere", "--resume nowhere: no such folder")]
    [InlineData("--resume", "full", "--resume full: holds no config.json")]
    [InlineData("--resume", "trees.csv", "--resume trees.csv: is a file")]
    public void WrongOptionsAreNamed(string option, string value, string problem)
    {
        folder.Blobs("trees.csv", 100);
        Directory.CreateDirectory(folder["full"]);
        File.WriteAllText(folder["full/letter.txt"], "dear reader");
        Refused(problem, "train", "--data", "trees.csv", option, value);
    }

    [Theory]
    [InlineData("height,kind\n1,a\n2,b\n3\n", "data.csv line 4: 1 column, expected 2 as in the header")]
    [InlineData("height,kind\n1,a\ntall,b\n", "data.csv line 3, column 'height': 'tall' is not a number")]
    [InlineData("height,kind\n1,a\n,b\n", "data.csv line 3, column 'height': '' is not a number")]
    [InlineData("height,kind\n1,a\nNaN,b\n", "data.csv line 3, column 'height': 'NaN' is not finite")]
    [InlineData("height,kind\n1,a\n-Infinity,b\n", "data.csv line 3, column 'height': '-Infinity' is not finite")]
    [InlineData("height,kind\n1,a\n2,a\n3,a\n", "data.csv: all rows have 'a' in column 'kind', a classifier needs at least two classes")]
    [InlineData("height,kind\n1,a\n2,b\n3,a\n4,b\n", "are fewer than the smallest usual batch, 16")]
    [InlineData("height,kind\n", "data.csv: no data rows")]
    [InlineData("height,height\n1,2\n", "data.csv line 1: columns 1 and 2 are both named 'height'")]
    [InlineData("", "data.csv: the file is empty")]
    [InlineData("kind\na\nb\n", "data.csv: there is no feature column beside the label")]
    [InlineData("height,price\n1,0.5\n2,0.5\n3,0.5\n", "data.csv: all rows have the same number to predict, 0.5")]
    public void WrongTablesAreNamed(string content, string problem)
    {
        File.WriteAllText(folder["data.csv"], content);
        Refused(problem, "train", "--data", "data.csv");
    }

    [Fact]
    public void WhatIsNoDataFileIsNamed()
    {
        Directory.CreateDirectory(folder["tables"]);
        File.WriteAllText(folder["notes.txt"], "hello");
        File.WriteAllText(folder["table.npy"], "this is no array");
        Refused("missing.csv: no such file", "train", "--data", "missing.csv");
        Refused("tables: is a folder, expected a data file", "train", "--data", "tables");
        Refused("notes.txt: not a known kind of file, expected .csv, .npy, .npz or IDX", "train", "--data", "notes.txt");
        Refused("table.npy", "train", "--data", "table.npy");
        Refused("--label", "train", "--label", "digit");
        Refused("--task regress", "train", "--task", "regress");
    }

    [Fact]
    public void TheDefaultFolderIsNotCreatedForBadInput()
    {
        Refused("--model 'x' is unknown", "train", "--model", "x");
        Assert.False(Directory.Exists(folder["runs"]));
    }

    private void Refused(string problem, params string[] arguments)
    {
        string[] before = folder.Everything;
        string line = EngineProcess.Run(folder.Root, arguments).BadInput();
        Assert.StartsWith($"engine {arguments[0]}: ", line, StringComparison.Ordinal);
        Assert.Contains(problem, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.Equal(before, folder.Everything);
    }
}
