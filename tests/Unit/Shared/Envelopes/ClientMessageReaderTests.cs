using Xunit;

namespace Fanout.Tests.Unit.Shared.Envelopes;

/// <summary>What both formats have in common: fields, their types and their limits.</summary>
public sealed class ClientMessageReaderTests
{
    [Fact]
    public void Message_WithEveryField_IsRead()
    {
        const string Text = """{"type":"publish","id":"7","room":"chat.1","key":"k","method":"m","echo":false,"payload":{"a":[1,2]},"more":{"type":"x"}}""";

        var (json, msgpack) = Decoded.Both(Text);

        foreach (var message in new[] { json, msgpack })
        {
            Assert.Equal(
                ("publish", "7", "chat.1", "k", "m", false, null),
                (message.Type, message.Id, message.Room, message.Key, message.Method, message.Echo, message.Problem));
        }

        Assert.Equal("""{"a":[1,2]}""", json.PayloadText);
        Assert.Equal("81A161920102", Convert.ToHexString(msgpack.Payload));
    }

    [Fact]
    public void Message_WithoutTheOptionalFields_HasTheirDefaults()
    {
        foreach (var message in Both("""{"type":"ping"}"""))
        {
            Assert.Equal(
                ("ping", null, null, null, null, true, null),
                (message.Type, message.Id, message.Room, message.Key, message.Method, message.Echo, message.Problem));
            Assert.Empty(message.Payload);
        }
    }

    // Not the message's business: what is wrong with it is no reason to refuse the message.
    [Theory]
    [InlineData("""{"type":"ping","traceparent":"00-a-b-01"}""", "00-a-b-01")]
    [InlineData("""{"type":"ping","traceparent":7}""", "")]
    [InlineData("""{"type":"ping","traceparent":{"a":[1]}}""", "")]
    [InlineData("""{"type":"ping"}""", "")]
    public void TraceParent_IsTakenAsItIs_OrLeftOut(string text, string expected)
    {
        foreach (var message in Both(text))
            Assert.Equal((expected, null, "ping"), (message.TraceParent, message.Problem, message.Type));
    }

    // The value null is a payload; no payload is none.
    [Fact]
    public void Payload_OfNull_IsThere()
    {
        var (json, msgpack) = Decoded.Both("""{"type":"publish","payload":null}""");

        Assert.Equal("null", json.PayloadText);
        Assert.Equal([0xc0], msgpack.Payload);
    }

    [Theory]
    [InlineData("""{}""", "type")]
    [InlineData("""{"type":""}""", "type")]
    [InlineData("""{"type":5}""", "type")]
    [InlineData("""{"type":null}""", "type")]
    [InlineData("""{"type":"ping","id":5}""", "id")]
    [InlineData("""{"type":"ping","id":""}""", "id")]
    [InlineData("""{"type":"join","room":["a"]}""", "room")]
    [InlineData("""{"type":"join","room":null}""", "room")]
    [InlineData("""{"type":"publish","key":{}}""", "key")]
    [InlineData("""{"type":"publish","key":""}""", "key")]
    [InlineData("""{"type":"request","method":1.5}""", "method")]
    [InlineData("""{"type":"publish","echo":"false"}""", "echo")]
    [InlineData("""{"type":"publish","echo":null}""", "echo")]
    [InlineData("""["type","ping"]""", "message must be one")]
    [InlineData("\"ping\"", "message must be one")]
    [InlineData("17", "message must be one")]
    public void Field_OfAWrongKind_IsAProblemThatNamesIt(string text, string named)
    {
        foreach (var message in Both(text))
            Assert.Contains(named, message.Problem, StringComparison.Ordinal);
    }

    // Told once, and what could be read besides is there: the answer can name id and room.
    [Fact]
    public void Problem_LeavesTheOtherFieldsReadable()
    {
        foreach (var message in Both("""{"id":"7","echo":5,"key":6,"room":"a","type":"publish"}"""))
        {
            Assert.Contains("echo", message.Problem, StringComparison.Ordinal);
            Assert.Equal(("publish", "7", "a"), (message.Type, message.Id, message.Room));
        }
    }

    [Theory]
    [InlineData("id", 64)]
    [InlineData("key", 128)]
    [InlineData("method", 128)]
    public void Text_UpToItsLimit_IsTaken_AndNoLonger(string field, int limit)
    {
        foreach (var message in Both($$"""{"type":"request","{{field}}":"{{new string('x', limit)}}"}"""))
            Assert.Null(message.Problem);
        foreach (var message in Both($$"""{"type":"request","{{field}}":"{{new string('x', limit + 1)}}"}"""))
            Assert.Contains(field, message.Problem, StringComparison.Ordinal);
    }

    // A long type cannot be one that exists, and is not worth a string of its own.
    [Fact]
    public void Type_ThatIsTooLong_IsUnknown()
    {
        foreach (var message in Both($$"""{"type":"{{new string('t', 1000)}}"}"""))
            Assert.Equal(("?", null), (message.Type, message.Problem));
    }

    private static Decoded[] Both(string json)
    {
        var (first, second) = Decoded.Both(json);
        return [first, second];
    }
}
