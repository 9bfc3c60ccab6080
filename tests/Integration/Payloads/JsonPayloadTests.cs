using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Payloads;

/// <summary>Between JSON clients a payload travels byte for byte, whatever a parser would make of it.</summary>
public sealed class JsonPayloadTests(MemoryNode memory)
{
    public static TheoryData<string> Payloads =>
    [
        "null", "true", "0", "-0", "1.0", "1e0", "1E+0", "1.50", "0.1e-7", "9007199254740993", "18446744073709551615",
        "123456789012345678901234567890", "3.141592653589793238462643383279", "\"\"", "\"\\u0061\"", "\"\\u00e9é\\/\\n\"", "\"\\ud83d\\ude00😀\"",
        "\"<script>&amp;'\\u2028\"", "[ ]", "{ }", "[1 ,2,\t3\r\n]", "{ \"b\" : 1.0e0 , \"a\":[ ], \"b\":2 }", "{\"\":{\"\\u0000\":null}}",
    ];

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task Payload_FromASocketAndByHttp_ArrivesByteForByte(string payload)
    {
        var room = Rooms.New();
        await using var publisher = await memory.Node.JoinAsync(room);
        await using var member = await memory.Node.JoinAsync(room);

        await publisher.PublishRawAsync(room, payload);
        Assert.True((await memory.Node.Api.PublishRawAsync(room, $" \n{payload}\t ")).IsSuccess);

        await member.WaitForMessagesAsync(room, 2);
        await publisher.WaitForMessagesAsync(room, 2);
        Assert.All(member.RawMessages(room).Concat(publisher.RawMessages(room)), message => Assert.Equal(payload, message.RawPayloadText));
    }

    // White space around the value belongs to the envelope, not to the value.
    [Fact]
    public async Task Payload_WithSpaceAroundItInTheEnvelope_ArrivesWithoutIt()
    {
        var room = Rooms.New();
        await using var member = await memory.Node.JoinAsync(room);

        await member.Socket.SendTextAsync($$"""  { "payload" :   [ 1 , 2 ]   , "room":"{{room}}" ,"type" : "publish" }  """);

        Assert.Equal("[ 1 , 2 ]", (await member.ExpectRawAsync("message", room)).RawPayloadText);
    }

    // Names and types may be written with escapes like everything else.
    [Fact]
    public async Task Envelope_WithEscapes_IsUnderstood()
    {
        var room = Rooms.New();
        await using var member = await memory.Node.JoinAsync(room);

        await member.Socket.SendTextAsync($$"""{"\u0074ype":"publ\u0069sh","room":"\u0072{{room[1..]}}","payload":1}""");

        Assert.Equal(1, (await member.ExpectTypeAsync("message", room)).Integer("payload"));
    }
}
