using Fanout.Tests.Conformance.Support;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc6455;

/// <summary>Section 5.5: pings and pongs, and what every control frame must be.</summary>
public sealed class Section5_5_ControlFramesTests(EchoNode node)
{
    private const int Ping = 9;
    private const int Pong = 10;
    private static readonly Cases All = Build();

    public static TheoryData<string, Way> Names => All.OverBothWays();

    [Theory]
    [MemberData(nameof(Names))]
    public Task Holds(string name, Way way) => node.PlayAsync(way, All[name]);

    private static Cases Build()
    {
        var cases = new Cases();
        foreach (var length in new[] { 0, 1, 5, 124, 125 })
            cases[$"ping of {length} bytes"] = Case.Echo(Wire.Frame(Ping, Wire.Of(length)), Answer.Pong(Wire.Of(length)));
        cases["ping of bytes that are no text"] = Case.Echo(Wire.Frame(Ping, [0, 255, 254, 128]), Answer.Pong([0, 255, 254, 128]));
        cases["pings in a row"] = Case.Echo(
            Wire.Join(Enumerable.Range(0, 600).Select(i => Wire.Frame(Ping, Wire.Of(i % 126)))), [.. Enumerable.Range(0, 600).Select(i => Answer.Pong(Wire.Of(i % 126)))]);
        cases["pongs that nobody asked for"] = Case.Echo(
            Wire.Join(Wire.Frame(Pong, []), Wire.Frame(Pong, Wire.Of(125)), Wire.Frame(Ping, [1]), Wire.Text("after")), Answer.Pong([1]), Answer.Text("after"));

        foreach (var opcode in new[] { 8, Ping, Pong })
        {
            cases[$"opcode {opcode} of 126 bytes"] = Case.Fails(1002, Wire.Join(Wire.Text("before"), Wire.Frame(opcode, Wire.Of(126))), Answer.Text("before"));
            cases[$"opcode {opcode} of 65536 bytes"] = Case.Fails(1002, Wire.Frame(opcode, Wire.Of(65_536)));
            cases[$"opcode {opcode} in a fragment"] = Case.Fails(1002, Wire.Join(Wire.Frame(opcode, [3, 232], fin: false), Wire.Frame(0, [])));
            cases[$"opcode {opcode} of 5 bytes with a length of 16 bits"] = Case.Fails(
                1002, WebSocketFrames.Client((WebSocketOpcode)opcode, Wire.Of(5), lengthEncoding: LengthEncoding.Bits16));
        }

        return cases;
    }
}
