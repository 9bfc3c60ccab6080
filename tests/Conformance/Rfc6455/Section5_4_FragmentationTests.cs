using Fanout.Tests.Conformance.Support;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc6455;

/// <summary>Section 5.4: messages in fragments, and control frames between them.</summary>
public sealed class Section5_4_FragmentationTests(EchoNode node)
{
    private const int Text = 1;
    private const int Binary = 2;
    private const int Ping = 9;
    private static readonly byte[] Hello = Wire.Bytes("hello");
    private static readonly Cases All = Build();

    public static TheoryData<string, Way> Names => All.OverBothWays();

    [Theory]
    [MemberData(nameof(Names))]
    public Task Holds(string name, Way way) => node.PlayAsync(way, All[name]);

    private static Cases Build()
    {
        var cases = new Cases();
        foreach (var size in new[] { 1, 2, 3, 7, 64, 125, 126, 1000 })
        {
            cases[$"text in fragments of {size}"] = Case.Echo(Wire.Fragments(Text, Wire.Letters(3000), size), Answer.Text(Wire.Letters(3000)));
            cases[$"binary in fragments of {size}"] = Case.Echo(Wire.Fragments(Binary, Wire.Of(3000), size), Answer.Binary(Wire.Of(3000)));
        }

        var sixteen = Wire.Letters(16 * 1024 * 1024);
        foreach (var size in new[] { 64, 4096, 65_536, 4 * 1024 * 1024 })
            cases[$"16 MiB in fragments of {size}"] = Case.Echo(Wire.Fragments(Text, sixteen, size), Answer.Text(sixteen));

        cases["pings between fragments are answered first"] = Case.Echo(
            Wire.Fragments(Text, Wire.Letters(100), 10, Wire.Frame(Ping, Hello)), [.. Enumerable.Repeat(Answer.Pong(Hello), 9), Answer.Text(Wire.Letters(100))]);
        cases["full pings between fragments"] = Case.Echo(
            Wire.Fragments(Binary, Wire.Of(100), 50, Wire.Frame(Ping, Wire.Of(125))), Answer.Pong(Wire.Of(125)), Answer.Binary(Wire.Of(100)));
        cases["pongs between fragments mean nothing"] = Case.Echo(Wire.Fragments(Text, Wire.Letters(100), 10, Wire.Frame(10, Hello)), Answer.Text(Wire.Letters(100)));
        cases["a close between fragments ends it"] = Case.Fails(1000, Wire.Join(Wire.Frame(Text, Hello, fin: false), Wire.Frame(8, [3, 232]), Wire.Frame(0, Hello)));
        cases["fragments without a byte"] = Case.Echo(
            Wire.Join(Wire.Frame(Text, [], fin: false), Wire.Frame(0, [], fin: false), Wire.Frame(0, Hello, fin: false), Wire.Frame(0, [])), Answer.Text("hello"));
        cases["nothing but fragments without a byte"] = Case.Echo(Wire.Join(Wire.Frame(Binary, [], fin: false), Wire.Frame(0, [], fin: false), Wire.Frame(0, [])), Answer.Binary([]));
        cases["one message behind the other"] = Case.Echo(
            Wire.Join(Wire.Fragments(Text, Hello, 2), Wire.Fragments(Binary, Hello, 1), Wire.Text("end")), Answer.Text("hello"), Answer.Binary(Hello), Answer.Text("end"));

        foreach (var fin in new[] { true, false })
        {
            cases[$"a continuation of nothing, fin {fin}"] = Case.Fails(1002, Wire.Join(Wire.Frame(0, Hello, fin), Wire.Text("after")));
            cases[$"a continuation behind a whole message, fin {fin}"] = Case.Fails(1002, Wire.Join(Wire.Text("whole"), Wire.Frame(0, Hello, fin)), Answer.Text("whole"));
            cases[$"a text inside of a text, fin {fin}"] = Case.Fails(1002, Wire.Join(Wire.Frame(Text, Hello, fin: false), Wire.Frame(Text, Hello, fin)));
            cases[$"a binary inside of a text, fin {fin}"] = Case.Fails(1002, Wire.Join(Wire.Frame(Text, Hello, fin: false), Wire.Frame(0, Hello, fin: false), Wire.Frame(Binary, Hello, fin)));
        }

        return cases;
    }
}
