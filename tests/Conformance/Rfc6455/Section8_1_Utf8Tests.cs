using Fanout.Tests.Conformance.Support;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc6455;

/// <summary>Section 8.1: text is UTF-8, however it is cut.</summary>
public sealed class Section8_1_Utf8Tests(EchoNode node)
{
    // Characters of one to four bytes, the ends of their ranges among them.
    private const string Good = "a\u007f\u0080\u07ffκόσμε\u0800\ud7ff\ue000\ufffd\uffff\U00010000𐍈\U0010ffff.";
    private static readonly Cases All = Build();

    public static TheoryData<string, Way> Names => All.OverBothWays();

    [Theory]
    [MemberData(nameof(Names))]
    public Task Holds(string name, Way way) => node.PlayAsync(way, All[name]);

    // The message is bad as soon as no byte behind can make it good; its end never comes.
    [Theory]
    [MemberData(nameof(Endless))]
    public async Task BadText_IsRefused_BeforeTheMessageIsWhole(int sequence, bool inOneFrame, Way way)
    {
        await using var peer = await node.ConnectAsync(way);
        byte[] bytes = [.. Wire.Bytes("κόσμε"), .. BadUtf8.Sequences[sequence]];

        await peer.SendAsync(inOneFrame
            ? WebSocketFrames.Client(WebSocketOpcode.Text, bytes, claimedLength: 1000)
            : Wire.Join(bytes.Select((one, i) => Wire.Frame(i == 0 ? 1 : 0, [one], fin: false))));
        var close = await peer.ReceiveFrameAsync();

        Assert.Equal((WebSocketOpcode.Close, 1007), (close.Opcode, (close.Payload.Span[0] << 8) | close.Payload.Span[1]));
    }

    public static TheoryData<int, bool, Way> Endless()
    {
        var data = new TheoryData<int, bool, Way>();
        for (var i = 0; i < BadUtf8.Sequences.Length; i++)
        {
            // What is only cut off could still become a character.
            if (Convert.ToHexString(BadUtf8.Sequences[i]) is "C3" or "E282" or "F0908D")
                continue;
            foreach (var way in new[] { Way.FastLane, Way.Ordinary })
            {
                data.Add(i, true, way);
                data.Add(i, false, way);
            }
        }

        return data;
    }

    private static Cases Build()
    {
        var cases = new Cases();
        var good = Wire.Bytes(Good);
        for (var at = 1; at < good.Length; at++)
        {
            cases[$"good text cut at {at}"] = Case.Echo(Wire.Join(Wire.Frame(1, good[..at], fin: false), Wire.Frame(9, []), Wire.Frame(0, good[at..])), Answer.Pong([]), Answer.Text(Good));
            cases[$"good text that ends at {at}"] = IsBoundary(good, at)
                ? Case.Echo(Wire.Frame(1, good[..at]), Answer.Text(good[..at]))
                : Case.Fails(1007, Wire.Frame(1, good[..at]));
        }

        cases["good text byte by byte"] = Case.Echo(Wire.Fragments(1, good, 1), Answer.Text(Good));
        cases["good text in many bytes"] = Case.Echo(Wire.Fragments(1, Wire.Join(Enumerable.Repeat(good, 5000)), 4097), Answer.Text(Wire.Join(Enumerable.Repeat(good, 5000))));
        cases["bytes that are no text, as binary"] = Case.Echo(Wire.Frame(2, [0xff, 0xfe, 0xc0, 0x80]), Answer.Binary([0xff, 0xfe, 0xc0, 0x80]));
        for (var at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good[..at], 0xFF, .. good[(at + 1)..]];
            cases[$"0xFF at {at}"] = Case.Fails(1007, Wire.Frame(1, bad));
            cases[$"0xFF at {at}, byte by byte"] = Case.Fails(1007, Wire.Fragments(1, bad, 1));
        }

        foreach (var bad in BadUtf8.Sequences)
        {
            byte[] message = [.. Wire.Bytes("κ"), .. bad];
            cases[$"{Convert.ToHexString(bad)}"] = Case.Fails(1007, Wire.Join(Wire.Text("before"), Wire.Frame(1, message), Wire.Text("after")), Answer.Text("before"));
            cases[$"{Convert.ToHexString(bad)}, byte by byte"] = Case.Fails(1007, Wire.Fragments(1, message, 1));
        }

        return cases;
    }

    private static bool IsBoundary(byte[] text, int at) => (text[at] & 0xC0) != 0x80;
}
