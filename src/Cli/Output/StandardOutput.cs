namespace Fanout.Cli.Output;

/// <summary>The reader of our output is gone.</summary>
internal sealed class OutputClosedException() : IOException("The output was closed.");

/// <summary>
/// Standard output that says when its reader is gone. The console's own stream swallows that, and <c>fanout sub room | head -1</c> would
/// listen for ever. A stream over the handle would say it too, but write to files at an offset of its own, over what others wrote.
/// </summary>
internal sealed class StandardOutput : Stream
{
    private readonly Stream _inner = Console.OpenStandardOutput();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (PipeWatch.IsClosed())
            throw new OutputClosedException();
        try
        {
            _inner.Write(buffer);
        }
        catch (IOException e)
        {
            throw new Running.CliException(Running.ExitCode.Failed, $"The output cannot be written: {e.Message}");
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is buffered here.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
