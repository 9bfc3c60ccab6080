using System.Buffers;
using System.Text.Json;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Turns JSON into MessagePack in one pass over the JSON. A MessagePack header holds the number of entries, which JSON reveals only
/// at the closing bracket, so:
/// 1 everything but the headers goes to a pooled body, and each container leaves a mark (where in the body, how many entries);
/// 2 in the end body and headers are put together in the output, in the order in which the containers began.
/// Each byte is moved once more, whatever the nesting. Counting in a first pass would parse the JSON twice, and parsing is the dear
/// part (Utf8JsonReader alone is about half to two thirds of the whole, measured on chat-like payloads of 100 bytes and 16 KB);
/// patching in place would need five bytes for every header, or move a body once for each level around it. The output is touched
/// only when all is known to be good.
/// </summary>
internal ref partial struct JsonToMessagePack(int capacity)
{
    private const int NoContainer = -1;

    // One level above ours, so that we meet the level too many ourselves and can name it, without the cost of an exception.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = PayloadTranscoder.MaxDepth + 1 };

    private PooledBuffer<byte> _body = new(capacity);
    private PooledBuffer<ContainerMark> _marks = new(16);
    private string? _problem;

    public void Dispose()
    {
        _body.Dispose();
        _marks.Dispose();
    }

    /// <summary>Step 1; false when the JSON does not fit the contract.</summary>
    public bool TryRead(ReadOnlySpan<byte> json, out string? problem)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: true, new JsonReaderState(Options));
        Span<int> outer = stackalloc int[PayloadTranscoder.MaxDepth];
        var depth = 0;
        var current = NoContainer;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
                {
                    current = outer[--depth];
                    continue;
                }

                // Keys count too: an object has half as many pairs. See ContainerMark.
                if (current != NoContainer)
                    _marks.Written[current].Entries++;

                if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                {
                    if (depth == PayloadTranscoder.MaxDepth)
                        _problem = $"the value at byte {reader.TokenStartIndex} is nested deeper than {PayloadTranscoder.MaxDepth}";
                    else
                        outer[depth++] = current;
                    current = _marks.Count;
                    _marks.Add(new ContainerMark(_body.Count, reader.TokenType is JsonTokenType.StartObject));
                }
                else
                {
                    WriteScalar(ref reader);
                }

                if (_problem is not null)
                    break;
            }
        }
        catch (JsonException)
        {
            // The reader's own message can quote the payload, which must not reach a log.
            _problem = $"the JSON is malformed at byte {reader.BytesConsumed}";
        }

        problem = _problem;
        return problem is null;
    }

    /// <summary>Step 2, once <see cref="TryRead"/> has answered true.</summary>
    public readonly void CopyTo(IBufferWriter<byte> destination)
    {
        var output = new BufferedOutput(destination);
        var body = _body.Written;
        var copied = 0;
        foreach (var mark in _marks.Written)
        {
            output.Write(body[copied..mark.Offset]);
            copied = mark.Offset;
            output.Advance(mark.WriteHeader(output.Reserve(MessagePackEncoder.MaxHeaderLength)));
        }

        output.Write(body[copied..]);
        output.Flush();
    }

    /// <summary>A container whose header is still to be written before the body's byte <see cref="Offset"/>.</summary>
    private struct ContainerMark(int offset, bool isMap)
    {
        public readonly int Offset => offset;

        /// <summary>Values inside, keys included.</summary>
        public uint Entries;

        public readonly int WriteHeader(Span<byte> destination) => isMap
            ? MessagePackEncoder.MapHeader(destination, Entries / 2)
            : MessagePackEncoder.ArrayHeader(destination, Entries);
    }
}
