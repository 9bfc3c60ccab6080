using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fanout.Node.Backplane;

namespace Fanout.Node.Api.Messages;

/// <summary>
/// Writes a publish's answer, alone or among others. One buffer and one writer a thread: between <see cref="Rent"/> and <see cref="Send"/>
/// nothing is awaited.
/// </summary>
internal sealed class AnswerBuffer
{
    // What a batch of 1,000 needs; a larger one is let go.
    private const int LargestKept = 256 * 1024;

    [ThreadStatic]
    private static AnswerBuffer? _mine;

    private readonly ArrayBufferWriter<byte> _bytes = new(512);

    // Quotation marks and letters of any script stand as they are: nobody puts this into a page.
    private AnswerBuffer() => Json = new Utf8JsonWriter(_bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public Utf8JsonWriter Json { get; }

    public static AnswerBuffer Rent()
    {
        var buffer = _mine ??= new AnswerBuffer();
        buffer._bytes.ResetWrittenCount();
        buffer.Json.Reset();
        return buffer;
    }

    /// <param name="isUser">Whether it was a push to a user: the answer says whether any connection of it was there.</param>
    public void Write(in PublishResult result, bool isUser)
    {
        Json.WriteStartObject();
        Json.WriteString("id"u8, result.MessageId);
        if (result.Offset is { } offset)
            Json.WriteNumber("offset"u8, offset);
        if (result.Epoch is not null)
            Json.WriteString("epoch"u8, result.Epoch);
        Json.WriteNumber("nodes"u8, result.Nodes);
        if (isUser)
            Json.WriteBoolean("online"u8, result.Members > 0); // A push asks for them, and has them where it has an answer.
        Json.WriteEndObject();
    }

    /// <summary>Hands what was written to the response, which sends it when the endpoint ends.</summary>
    public void Send(HttpResponse response)
    {
        Json.Flush();
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = _bytes.WrittenCount;
        response.BodyWriter.Write(_bytes.WrittenSpan);
        if (_bytes.Capacity > LargestKept)
            _mine = null;
    }
}
