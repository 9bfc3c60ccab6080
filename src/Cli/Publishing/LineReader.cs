using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Fanout.Cli.Running;

namespace Fanout.Cli.Publishing;

/// <summary>A line of input and its number, from 1.</summary>
internal readonly record struct InputLine(long Number, byte[] Bytes);

/// <summary>Reads lines as they come; those of white space alone are left out.</summary>
internal sealed class LineReader(Stream stream, CancellationToken cancellation) : IAsyncDisposable
{
    private const int LongestLine = 64 * 1024 * 1024;

    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
    private long _number;

    public async IAsyncEnumerable<InputLine> ReadAsync([EnumeratorCancellation] CancellationToken enumeration = default)
    {
        while (true)
        {
            var result = await _pipe.ReadAsync(cancellation).AsTask().WaitAsync(cancellation);
            var buffer = result.Buffer;
            while (TryTake(ref buffer, out var line))
            {
                _number++;
                if (!IsBlank(line))
                    yield return new InputLine(_number, line.ToArray());
            }

            if (result.IsCompleted)
            {
                _number++;
                if (!IsBlank(buffer))
                    yield return new InputLine(_number, buffer.ToArray());
                yield break;
            }

            if (buffer.Length > LongestLine)
                throw CliException.Usage($"Line {_number + 1} has more than {LongestLine >> 20} MiB.");
            _pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _pipe.CompleteAsync();
        await stream.DisposeAsync();
    }

    private static bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> line)
    {
        line = default;
        if (buffer.PositionOf((byte)'\n') is not { } end)
            return false;
        line = buffer.Slice(0, end);
        buffer = buffer.Slice(buffer.GetPosition(1, end));
        return true;
    }

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (var part in line)
        {
            if (part.Span.ContainsAnyExcept(" \t\r"u8))
                return false;
        }

        return true;
    }
}
