using System.Text;
using System.Text.Json;
using Fanout.Cli.Running;
using Fanout.Shared.Envelopes;

namespace Fanout.Cli.Publishing;

/// <summary>Where a payload comes from: the argument, a file, or standard input.</summary>
internal sealed class PayloadSource(string? argument, string? file, bool text, CancellationToken cancellation)
{
    private const string StandardInput = "-";

    // A file that is taken by mistake (a log, a disk image) must not fill the memory; the nodes' own limit is far below.
    private const int LargestPayload = 256 * 1024 * 1024;

    /// <summary>One payload, as JSON that the service will take.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync()
    {
        var bytes = argument is not null and not StandardInput && file is null ? Encoding.UTF8.GetBytes(argument) : await ReadAllAsync();
        if (text)
            return ToJsonString(bytes);
        if (JsonPayload.TryCheck(bytes, out var payload, out var problem))
            return payload;
        throw bytes.AsSpan().Trim(" \t\r\n"u8).Length == 0
            ? CliException.Usage("The payload is empty; it must be one JSON value.")
            : CliException.Usage($"The payload is no JSON that can be sent: {problem}.", "To send plain text, add --text. In a shell, put JSON in single quotes.");
    }

    /// <summary>A message a line.</summary>
    public LineReader OpenLines() => new(Open(), cancellation);

    public static byte[] ToJsonString(ReadOnlySpan<byte> utf8)
    {
        // A line end at the end belongs to the file or to echo, not to the text.
        utf8 = utf8.TrimEnd("\r\n"u8);
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8), PublishJson.Default.String);
        }
        catch (ArgumentException)
        {
            throw CliException.Usage("The text is not UTF-8.");
        }
    }

    private async Task<byte[]> ReadAllAsync()
    {
        await using var stream = Open();
        var buffer = new MemoryStream();
        var chunk = new byte[64 * 1024];
        while (await stream.ReadAsync(chunk, cancellation) is > 0 and var count)
        {
            buffer.Write(chunk, 0, count);
            if (buffer.Length > LargestPayload)
                throw CliException.Usage($"The payload has more than {LargestPayload >> 20} MiB.");
        }

        return buffer.ToArray();
    }

    private Stream Open()
    {
        if (argument is not null and not StandardInput && file is not null)
            throw CliException.Usage("The payload is given twice: as an argument and by --file.");
        if (file is not null and not StandardInput)
            return OpenFile(file);
        // Waiting for somebody to type JSON looks like a tool that hangs; who wants that says `-`.
        if (file is null && argument is null && !Console.IsInputRedirected)
            throw CliException.Usage("There is no payload: give it as an argument, by --file, or by standard input.", "`fanout pub --help` has examples.");
        return Console.OpenStandardInput();
    }

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 64 * 1024, useAsync: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw CliException.Usage($"The file '{path}' cannot be read: {e.Message.Split('\n')[0]}");
        }
    }
}
