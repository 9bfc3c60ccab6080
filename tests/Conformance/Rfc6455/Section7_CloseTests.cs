using System.Text;
using Fanout.Tests.Conformance.Support;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc6455;

/// <summary>Sections 5.5.1 and 7: close frames, their codes and reasons, and what comes behind them.</summary>
public sealed class Section7_CloseTests(EchoNode node)
{
    private static readonly Cases All = Build();

    public static TheoryData<string, Way> Names => All.OverBothWays();

    [Theory]
    [MemberData(nameof(Names))]
    public Task Holds(string name, Way way) => node.PlayAsync(way, All[name]);

    private static Cases Build()
    {
        var cases = new Cases
        {
            ["no body"] = Case.Fails(1005, Wire.Frame(8, [])),
            ["half a code"] = Case.Fails(1002, Wire.Frame(8, [3])),
            ["messages before it are answered"] = Case.Fails(1000, Wire.Join(Wire.Text("one"), Wire.Text("two"), Close(1000)), Answer.Text("one"), Answer.Text("two")),
            ["a second close behind it"] = Case.Fails(1000, Wire.Join(Close(1000), Close(1001))),
            ["a message behind it"] = Case.Fails(1000, Wire.Join(Close(1000), Wire.Text("late"))),
            ["a ping behind it"] = Case.Fails(1000, Wire.Join(Close(1000), Wire.Frame(9, [1]))),
            ["rubbish behind it"] = Case.Fails(1000, Wire.Join(Close(1000), Wire.Of(1000))),
            ["a megabyte behind it"] = Case.Fails(1000, Wire.Join(Close(1000), Wire.Frame(2, Wire.Of(1_048_576)))),
            ["a reason"] = Case.Fails(3000, Close(3000, "on my way")),
            ["the longest reason"] = Case.Fails(1000, Close(1000, new string('x', 123))),
            ["a reason of many bytes a character"] = Case.Fails(1000, Close(1000, "grün κόσμε 𐍈")),
            ["a reason that is too long"] = Case.Fails(1002, Close(1000, new string('x', 124))),
        };
        foreach (var code in new[] { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999 })
            cases[$"code {code}"] = Case.Fails(code, Close(code));
        foreach (var code in new[] { 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65_535 })
            cases[$"code {code}, which must not be sent"] = Case.Fails(1002, Close(code));
        foreach (var bad in BadUtf8.Sequences)
            cases[$"a reason with {Convert.ToHexString(bad)}"] = Case.Fails(1007, Wire.Frame(8, [3, 232, .. Encoding.ASCII.GetBytes("why "), .. bad]));
        return cases;
    }

    private static byte[] Close(int code, string reason = "") => WebSocketFrames.Close(code, reason);
}
