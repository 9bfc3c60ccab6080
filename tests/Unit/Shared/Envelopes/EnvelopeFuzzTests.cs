using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using CsCheck;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;
using Fanout.Tests.Unit.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Envelopes;

/// <summary>Whatever a client sends as a message: it is read, or it has a problem that can be told; nothing throws.</summary>
public sealed class EnvelopeFuzzTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.OneOf("", "a", "chat.42", "ping", "join", "publish", "\u0000", "é😀", "\"\\\b", new string('x', 64), new string('x', 65), new string('y', 128), new string('y', 129)), Gen.String[0, 20]);

    private static readonly Gen<string> Values = Gen.OneOf(
        Texts.Select(text => JsonSerializer.Serialize(text)),
        Gen.OneOf("null", "true", "false", "0", "-1", "1.5", "1e400", "[]", "{}", "[[[[]]]]", """{"type":"x","payload":{"id":5}}""", "18446744073709551616"),
        PayloadGen.Json);

    private static readonly Gen<string> Envelopes = Gen.Select(
        Gen.OneOf("type", "id", "room", "payload", "key", "echo", "method", "typ\\u0065", "more", ""), Values, (name, value) => $"\"{name}\":{value}")
        .Array[0, 8].Select(fields => "{" + string.Join(',', fields) + "}");

    private static readonly Gen<byte[]> Damaged = Gen.Select(Envelopes, Gen.Select(Gen.UInt, Gen.Byte).Array[0, 3], Gen.UInt, (text, changes, cut) =>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var (at, value) in changes)
            bytes[at % bytes.Length] = value;
        return cut % 3 == 0 ? bytes[..(int)(cut % (uint)(bytes.Length + 1))] : bytes;
    });

    // The frame reader lets no bad UTF-8 through; the parser does not rely on it.
    [Fact]
    public void Json_OfAnyBytes_IsReadOrHasAProblem() =>
        Gen.OneOf(Gen.Byte.Array[0, 60], Damaged).Sample(bytes => CheckJson(bytes), iter: 30_000);

    [Fact]
    public void MessagePack_OfAnyBytes_IsReadOrHasAProblem() =>
        Gen.OneOf(
            PayloadGen.Noise,
            Envelopes.Select(ToMessagePackOrEmpty).SelectMany(bytes => Gen.Select(Gen.UInt, Gen.Byte, (at, value) =>
            {
                var damaged = bytes.ToArray();
                if (damaged.Length > 0)
                    damaged[at % damaged.Length] = value;
                return damaged;
            }))).Sample(
            bytes =>
            {
                var message = Decoded.Msgpack(bytes);
                CheckFields(message);
                if (message.Problem is null && message.Payload.Length > 0)
                    Assert.Equal(message.Payload.Length, NaiveMessagePack.LengthOfValid(message.Payload, ProtocolLimits.MaxDepth));
            },
            iter: 30_000);

    // What both can carry means the same in both.
    [Fact]
    public void Envelope_OfAnyFields_IsTheSameInBothFormats() =>
        Envelopes.Sample(
            text =>
            {
                var packed = ToMessagePackOrEmpty(text);
                var json = CheckJson(Encoding.UTF8.GetBytes(text));
                if (packed.Length == 0)
                    return;
                var msgpack = Decoded.Msgpack(packed);
                Assert.Equal(json.Problem, msgpack.Problem);
                Assert.Equal(json with { Payload = [] }, msgpack with { Payload = [] });
                if (json.Problem is null && json.Payload.Length > 0)
                    Assert.Equal(Bytes.ToMessagePack(json.Payload), msgpack.Payload);
            },
            iter: 20_000);

    // Found by the test above: a type with an escape in it had no bound and came back in the error, a megabyte for a megabyte; without an escape it
    // was cut at 32 bytes.
    [Fact]
    public void Type_WithAnEscape_HasTheSameBound_AndTheSameMeaning()
    {
        Assert.Equal("?", Decoded.Json($$"""{"type":"a{{new string('t', 1000)}}"}""").Type);
        Assert.Equal("ping", Decoded.Json("""{"type":"ping"}""").Type);
    }

    // Found by the first test: the parser's complaint repeats what it could not read, and so did the answer.
    [Fact]
    public void Problem_DoesNotRepeatTheMessage() =>
        Assert.InRange(Decoded.Json("{\"type\":nul" + new string('x', 100_000) + "}").Problem!.Length, 1, 300);

    private static Decoded CheckJson(byte[] bytes)
    {
        var message = Decoded.Json(bytes);
        CheckFields(message);
        // Bad UTF-8 never comes so far: the frame reader closes with 1007.
        if (message.Problem is null && message.Payload.Length > 0 && Utf8.IsValid(bytes))
        {
            // What is stored can be given to anybody.
            JsonNode.Parse(message.Payload);
            Assert.True(PayloadTranscoder.TryJsonToMessagePack(message.Payload, new ArrayBufferWriter<byte>(), out var problem), problem);
        }

        return message;
    }

    private static void CheckFields(Decoded message)
    {
        Assert.True(message.Problem is null or { Length: > 0 and < 300 });
        Assert.True(message.Problem is not null || message.Type.Length > 0);
        Assert.InRange(message.Id?.Length ?? 1, 1, ProtocolLimits.MaxIdLength);
        Assert.InRange(message.Key?.Length ?? 1, 1, ProtocolLimits.MaxKeyLength);
        Assert.InRange(message.Method?.Length ?? 1, 1, ProtocolLimits.MaxMethodLength);
    }

    // Empty where MessagePack has no form for it.
    private static byte[] ToMessagePackOrEmpty(string json)
    {
        var output = new ArrayBufferWriter<byte>();
        return PayloadTranscoder.TryJsonToMessagePack(Encoding.UTF8.GetBytes(json), output, out _) ? output.WrittenSpan.ToArray() : [];
    }
}
