using Fanout.Tests.Conformance.Support;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc6455;

/// <summary>Sections 5.1 to 5.3: lengths and their encodings, reserved bits and opcodes, masks.</summary>
public sealed class Section5_2_FramingTests(EchoNode node)
{
    private const int Text = 1;
    private const int Binary = 2;
    private static readonly byte[] Hello = Wire.Bytes("hello");
    private static readonly Cases All = Build();

    public static TheoryData<string, Way> Names => All.OverBothWays();

    [Theory]
    [MemberData(nameof(Names))]
    public Task Holds(string name, Way way) => node.PlayAsync(way, All[name]);

    private static Cases Build()
    {
        var cases = new Cases();
        foreach (var length in new[] { 0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 1_048_576, 16 * 1024 * 1024 })
        {
            cases[$"text of {length} bytes"] = Case.Echo(Wire.Frame(Text, Wire.Letters(length)), Answer.Text(Wire.Letters(length)));
            cases[$"binary of {length} bytes"] = Case.Echo(Wire.Frame(Binary, Wire.Of(length)), Answer.Binary(Wire.Of(length)));
        }

        cases["many messages in one write"] = Case.Echo(
            Wire.Join(Enumerable.Range(0, 500).Select(i => Wire.Text($"message {i}"))), [.. Enumerable.Range(0, 500).Select(i => Answer.Text($"message {i}"))]);
        cases["byte by byte"] = new Case(
            [.. Wire.Join(Wire.Text("grün"), Wire.Frame(Binary, Wire.Of(200))).Select(one => new[] { one })], [Answer.Text("grün"), Answer.Binary(Wire.Of(200))], null);

        foreach (var (length, encoding) in new[] { (0, LengthEncoding.Bits16), (125, LengthEncoding.Bits16), (0, LengthEncoding.Bits64), (125, LengthEncoding.Bits64), (126, LengthEncoding.Bits64), (65_535, LengthEncoding.Bits64) })
            cases[$"length {length} in {encoding}"] = Case.Fails(1002, WebSocketFrames.Client(WebSocketOpcode.Binary, Wire.Of(length), lengthEncoding: encoding));
        foreach (var claimed in new[] { ulong.MaxValue, 1ul << 63, (1ul << 63) | 5 })
            cases[$"length {claimed:x} with its highest bit set"] = Case.Fails(1002, WebSocketFrames.Client(WebSocketOpcode.Binary, [], claimedLength: claimed));
        // The header alone must be enough: the bytes that it promises never come.
        foreach (var claimed in new ulong[] { EchoNode.Limit + 1, uint.MaxValue, long.MaxValue })
            cases[$"length {claimed} is over the limit, and refused before its bytes"] = Case.Fails(1009, WebSocketFrames.Client(WebSocketOpcode.Binary, [], claimedLength: claimed));
        cases["the limit itself"] = Case.Echo(Wire.Frame(Binary, Wire.Of(EchoNode.Limit)), Answer.Binary(Wire.Of(EchoNode.Limit)));
        cases["fragments that together are over the limit"] = Case.Fails(
            1009, Wire.Join(Wire.Frame(Binary, Wire.Of(1024), fin: false), WebSocketFrames.Client(WebSocketOpcode.Continuation, [], claimedLength: EchoNode.Limit - 1023)));

        foreach (var opcode in new[] { 0, 1, 2, 8, 9, 10 })
        {
            for (var rsv = 1; rsv < 8; rsv++)
                cases[$"opcode {opcode} with reserved bits {rsv}"] = Case.Fails(1002, Wire.Join(Wire.Text("before"), Wire.Frame(opcode, [], rsv: rsv)), Answer.Text("before"));
        }

        foreach (var opcode in new[] { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 })
        {
            cases[$"reserved opcode {opcode}"] = Case.Fails(1002, Wire.Join(Wire.Text("before"), Wire.Frame(opcode, Hello), Wire.Text("after")), Answer.Text("before"));
            cases[$"reserved opcode {opcode} between fragments"] = Case.Fails(1002, Wire.Join(Wire.Frame(Text, Hello, fin: false), Wire.Frame(opcode, [])));
        }

        foreach (var opcode in new[] { 1, 2, 8, 9, 10 })
            cases[$"opcode {opcode} without a mask"] = Case.Fails(1002, Wire.Frame(opcode, opcode == 8 ? [3, 232] : Hello, mask: false));
        foreach (var key in new byte[][] { [0, 0, 0, 0], [255, 255, 255, 255], [1, 0, 0, 0], [0, 0, 0, 1] })
        {
            cases[$"mask {Convert.ToHexString(key)}"] = Case.Echo(
                Wire.Join(Enumerable.Range(0, 70).Select(length => WebSocketFrames.Client(WebSocketOpcode.Binary, Wire.Of(length), key: key))),
                [.. Enumerable.Range(0, 70).Select(length => Answer.Binary(Wire.Of(length)))]);
        }

        return cases;
    }
}
