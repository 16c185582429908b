using System.Text;
using Engine.Tensors.IO;

namespace Engine.Tensors.Tests.IO;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WritesTheBytes()
    {
        AtomicFile.WriteAllBytes(folder["a.bin"], [1, 2, 3]);

        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder["a.bin"]));
        Assert.Equal(["a.bin"], folder.Names);
    }

    [Fact]
    public void WritesTextAsUtf8WithoutByteOrderMark()
    {
        AtomicFile.WriteAllText(folder["a.txt"], "é\n");

        Assert.Equal([0xC3, 0xA9, 0x0A], File.ReadAllBytes(folder["a.txt"]));
    }

    [Fact]
    public void HalfASurrogatePairIsRefusedAndTheOldFileStays()
    {
        AtomicFile.WriteAllText(folder["a.txt"], "old");

        Assert.Throws<EncoderFallbackException>(() => AtomicFile.WriteAllText(folder["a.txt"], "\ud800"));
        Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void ReplacesALongerFileWhole()
    {
        AtomicFile.WriteAllText(folder["a.txt"], new string('x', 100_000));
        AtomicFile.WriteAllText(folder["a.txt"], "short");

        Assert.Equal("short", File.ReadAllText(folder["a.txt"]));
        Assert.Equal(["a.txt"], folder.Names);
    }

    [Fact]
    public void TheCallbackMaySeekAndMayCloseTheStream()
    {
        AtomicFile.Write(folder["a.bin"], stream =>
        {
            stream.Write([0, 0, 7]);
            stream.Position = 0;
            stream.WriteByte(9);
            stream.Dispose();
        });

        Assert.Equal([9, 0, 7], File.ReadAllBytes(folder["a.bin"]));
    }

    [Fact]
    public void AReaderDuringTheWriteSeesTheOldContent()
    {
        AtomicFile.WriteAllText(folder["a.txt"], "old");
        AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
        });

        Assert.Equal("new", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void AFailingCallbackLeavesTheOldFileAndNothingElse()
    {
        AtomicFile.WriteAllText(folder["a.txt"], "old");

        var error = Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder["a.txt"], stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException("stop");
        }));

        Assert.Equal("stop", error.Message);
        Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
        Assert.Equal(["a.txt"], folder.Names);
    }

    [Fact]
    public void AFailingCallbackCreatesNoFile()
    {
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder["a.txt"], _ => throw new InvalidOperationException()));

        Assert.Empty(folder.Names);
    }

    [Fact]
    public void AMissingFolderIsNamed()
    {
        var path = folder["missing/a.txt"];

        var error = Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.WriteAllText(path, ""));

        Assert.Equal($"cannot write '{path}': the folder '{folder["missing"]}' does not exist", error.Message);
    }

    [Fact]
    public void AFolderIsNotReplaced()
    {
        var error = Assert.Throws<IOException>(() => AtomicFile.WriteAllText(folder.Root, ""));

        Assert.Equal($"cannot write '{folder.Root}': it is a folder", error.Message);
    }

    [Fact]
    public void AReadOnlyFolderIsReportedWithTheTarget()
    {
        // Windows folders have no such permission, and a privileged process is above it.
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess) return;
        AtomicFile.WriteAllText(folder["a.txt"], "old");
        File.SetUnixFileMode(folder.Root, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            var error = Assert.Throws<UnauthorizedAccessException>(() => AtomicFile.WriteAllText(folder["a.txt"], "new"));

            Assert.Equal($"cannot write '{folder["a.txt"]}': the folder does not allow new files", error.Message);
            Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
            Assert.Equal(["a.txt"], folder.Names);
        }
        finally
        {
            File.SetUnixFileMode(folder.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void PermissionsAreKeptAndLinksAreFollowed()
    {
        if (OperatingSystem.IsWindows()) return;
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        AtomicFile.WriteAllText(folder["a.txt"], "old");
        File.SetUnixFileMode(folder["a.txt"], Private);
        File.CreateSymbolicLink(folder["link"], "a.txt");

        AtomicFile.WriteAllText(folder["link"], "new");

        Assert.Equal("new", File.ReadAllText(folder["a.txt"]));
        Assert.Equal(Private, File.GetUnixFileMode(folder["a.txt"]));
        Assert.Equal("a.txt", new FileInfo(folder["link"]).LinkTarget);
    }

    [Fact]
    public void ARelativePathAndTheLongestNameWork()
    {
        var name = Path.GetRelativePath(Environment.CurrentDirectory, folder[new string('n', 255)]);
        AtomicFile.WriteAllText(name, "x");

        Assert.Equal("x", File.ReadAllText(name));
    }
}
