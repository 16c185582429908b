using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Engine.Tensors.IO;

/// <summary>
/// Writes files so that a reader, a crash or a power cut finds either the old content or the new one, never a part of it:
/// the content goes to a temporary file in the same folder, is flushed to the disk, and is then renamed over the target.
/// When a call returns, the new content is durable. When it throws before the rename, the old file is untouched and the temporary file is removed.
/// </summary>
/// <remarks>A target that is a symbolic link is followed; the permissions of an existing file are kept on Unix.</remarks>
public static partial class AtomicFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a file through a callback.</summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="write">Writes the content to a seekable stream; it may close the stream. When it throws, the old file stays as it was.</param>
    /// <exception cref="DirectoryNotFoundException">The folder of <paramref name="path"/> does not exist.</exception>
    /// <exception cref="IOException">The path is a folder, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        Replace(path, write, static (stream, callback) => callback(stream));
    }

    /// <summary>Writes bytes to a file.</summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="content">The new content.</param>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content) =>
        Replace(path, content, static (stream, bytes) => stream.Write(bytes));

    /// <summary>Writes text to a file as UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file to create or replace; its folder must exist.</param>
    /// <param name="content">The new content.</param>
    /// <exception cref="EncoderFallbackException">The text holds half of a surrogate pair, which UTF-8 cannot express.</exception>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteAllText(string path, string content)
    {
        ArgumentNullException.ThrowIfNull(content);
        WriteAllBytes(path, StrictUtf8.GetBytes(content));
    }

    private static void Replace<TContent>(string path, TContent content, Action<Stream, TContent> write)
        where TContent : allows ref struct
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new IOException($"cannot write '{path}': it is a folder");

        bool isLink = new FileInfo(path).LinkTarget is not null;
        var target = isLink ? File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName : Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"cannot write '{path}': the folder '{folder}' does not exist");

        // The name does not contain the target's, which may already be as long as the file system allows.
        var temporary = Path.Combine(folder, $".{Guid.NewGuid():N}.tmp");
        try
        {
            // The folder is opened before anything changes, so that a folder that cannot be flushed fails with the old file in place.
            using var folderHandle = OperatingSystem.IsWindows() ? null : OpenFolder(folder, path);
            using (var file = CreateTemporary(temporary, path))
            {
                // The callback gets a stream of its own and may close it. The first handle, open before the first write, outlives that stream:
                // the system reports a failed write-back to it.
                using (var stream = new FileStream(temporary, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) write(stream, content);
                if (!OperatingSystem.IsWindows() && File.Exists(target)) File.SetUnixFileMode(file, File.GetUnixFileMode(target));
                RandomAccess.FlushToDisk(file);
            }

            File.Move(temporary, target, overwrite: true);
            if (folderHandle is not null) RandomAccess.FlushToDisk(folderHandle);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
    }

    private static SafeFileHandle CreateTemporary(string temporary, string path)
    {
        try
        {
            return File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException($"cannot write '{path}': the folder does not allow new files", e);
        }
    }

    /// <summary>Opens a folder for flushing, which the file classes refuse to do; a rename is durable only after that flush.</summary>
    private static SafeFileHandle OpenFolder(string folder, string path)
    {
        const int ReadOnly = 0;
        int closeOnExec = OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : 0;
        var handle = Open(folder, ReadOnly | closeOnExec);
        if (!handle.IsInvalid) return handle;

        int error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        var message = $"cannot write '{path}': opening its folder failed: {Marshal.GetPInvokeErrorMessage(error)}";
        const int AccessDenied = 13;
        throw error == AccessDenied ? new UnauthorizedAccessException(message) : new IOException(message);
    }

    private static void DeleteQuietly(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error that brought us here is the one to report.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
