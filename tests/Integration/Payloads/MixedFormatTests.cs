using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Clients.Wire;
using Xunit;

namespace Fanout.Tests.Integration.Payloads;

/// <summary>JSON and MessagePack members of one room (DESIGN.md 3.4).</summary>
public sealed class MixedFormatTests(MemoryNode memory)
{
    [Theory]
    [InlineData("0", "00")]
    [InlineData("127", "7F")]
    [InlineData("128", "CC80")]
    [InlineData("-1", "FF")]
    [InlineData("-33", "D0DF")]
    [InlineData("65536", "CE00010000")]
    [InlineData("9007199254740993", "CF0020000000000001")]
    [InlineData("9223372036854775807", "CF7FFFFFFFFFFFFFFF")]
    [InlineData("-9223372036854775808", "D38000000000000000")]
    [InlineData("18446744073709551615", "CFFFFFFFFFFFFFFFFF")]
    [InlineData("18446744073709551616", "CB43F0000000000000")]
    [InlineData("1.0", "CB3FF0000000000000")]
    [InlineData("1e3", "CB408F400000000000")]
    [InlineData("0.1", "CB3FB999999999999A")]
    [InlineData("null", "C0")]
    [InlineData("[true,false]", "92C3C2")]
    [InlineData("\"\\u00e9\"", "A2C3A9")]
    [InlineData("{\"a\":{\"b\":[1,\"x\"]}}", "81A16181A1629201A178")]
    public async Task Json_ForAMsgpackMember_IsInItsShortestForm(string json, string msgpack)
    {
        var room = Rooms.New();
        await using var publisher = await memory.Node.JoinAsync(room);
        await using var member = await memory.Node.JoinAsync(room, TestClientOptions.Msgpack);

        await publisher.PublishRawAsync(room, json);

        await member.WaitForMessagesAsync(room, 1);
        Assert.Equal(msgpack, Convert.ToHexString(Assert.Single(member.RawPayloads(room)).Span));
    }

    [Theory]
    [InlineData("CFFFFFFFFFFFFFFFFF", "18446744073709551615")]
    [InlineData("D38000000000000000", "-9223372036854775808")]
    [InlineData("CB3FB999999999999A", "0.1")]
    [InlineData("CA3DCCCCCD", "0.1")]
    [InlineData("CD0005", "5")]
    [InlineData("C4030102FF", "\"AQL/\"")]
    [InlineData("C400", "\"\"")]
    [InlineData("A3610A22", "\"a\\n\\u0022\"")]
    [InlineData("81A16193C0C380", "{\"a\":[null,true,{}]}")]
    [InlineData("DC000201A178", "[1,\"x\"]")]
    public async Task Msgpack_ForAJsonMember_IsTheSameValue(string msgpack, string json)
    {
        var room = Rooms.New();
        await using var publisher = await memory.Node.JoinAsync(room, TestClientOptions.Msgpack);
        await using var member = await memory.Node.JoinAsync(room);

        await publisher.PublishAsync(room, Msgpack.Raw(Convert.FromHexString(msgpack)));

        var received = await member.ExpectRawAsync("message", room);
        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(received.RawPayloadText!)), $"{received.RawPayloadText} is not {json}");
        Assert.DoesNotContain(' ', received.RawPayloadText!);
        // Its own kind gets the publisher's bytes, even where they could be shorter.
        await publisher.WaitForMessagesAsync(room, 1);
        Assert.Equal(msgpack, Convert.ToHexString(Assert.Single(publisher.RawPayloads(room)).Span));
    }

    // The envelope's own numbers and strings, in both formats.
    [Fact]
    public async Task Envelope_IsTheSameInBothFormats()
    {
        var room = Rooms.New();
        await using var json = await memory.Node.JoinAsync(room);
        await using var msgpack = await memory.Node.JoinAsync(room, TestClientOptions.Msgpack);

        await msgpack.PublishAsync(room, new JsonObject { ["n"] = 1 });

        var (first, second) = (await json.ExpectTypeAsync("message", room), await msgpack.ExpectTypeAsync("message", room));
        Assert.Equal(first.Select(field => field.Key), second.Select(field => field.Key));
        Assert.Equal((first.Text("id"), first.Integer("timestamp")), (second.Text("id"), second.Integer("timestamp")));
        Assert.Equal(msgpack.ClientId, first["from"]!.AsObject().Text("clientId"));
    }

    // Larger than what a lane converts by itself (16 KiB).
    [Fact]
    public async Task LargePayloads_KeepTheirOrderAmongSmallOnes()
    {
        var room = Rooms.New();
        await using var json = await memory.Node.JoinAsync(room);
        await using var msgpack = await memory.Node.JoinAsync(room, TestClientOptions.Msgpack);

        for (var i = 0; i < 40; i++)
            await memory.Node.Api.PublishAsync(room, new JsonObject { ["i"] = i, ["text"] = new string('é', i % 4 == 0 ? 40_000 : 3) });

        foreach (var member in new[] { json, msgpack })
        {
            var messages = await member.WaitForMessagesAsync(room, 40);
            Assert.Equal(Enumerable.Range(0, 40), messages.Select(message => (int)message.Payload().Integer("i")!));
            Assert.Equal(40_000, messages[36].Payload().Text("text")!.Length);
        }
    }
}
