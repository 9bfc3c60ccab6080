using System.Text;
using CsCheck;
using Fanout.Tests.Unit.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Envelopes;

public sealed class JsonClientMessageReaderTests
{
    // The payload is cut out of the text as it stands there.
    [Theory]
    [InlineData("1.0")]
    [InlineData("1e0")]
    [InlineData("[ 1 ,\n2 ]")]
    [InlineData("{ \"b\" : \"\\u00e9\" , \"b\":1 }")]
    [InlineData("\"\\/\"")]
    public void Payload_IsTheTextAsItStands(string payload) =>
        Assert.Equal(payload, Decoded.Json($$"""{"payload" : {{payload}} ,"type":"publish"}""").PayloadText);

    [Fact]
    public void Names_AndValuesWithEscapes_AreUnderstood()
    {
        var message = Decoded.Json("""{"\u0074\u0079pe":"\u0070ing","\u0069d":"\u00e9"}""");

        Assert.Equal(("ping", "é", null), (message.Type, message.Id, message.Problem));
    }

    [Fact]
    public void Name_ThatStandsTwice_CountsTheLastTime() => Assert.Equal("b", Decoded.Json("""{"type":"ping","id":"a","id":"b"}""").Id);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{\"type\":\"ping\"")]
    [InlineData("{\"type\":\"ping\"} x")]
    [InlineData("{\"type\":\"ping\"}{}")]
    [InlineData("{\"type\":\"ping\",}")]
    [InlineData("{type:\"ping\"}")]
    [InlineData("{'type':'ping'}")]
    [InlineData("{\"type\":\"ping\"//comment\n}")]
    [InlineData("{\"type\":\"ping\",\"payload\":01}")]
    [InlineData("{\"type\":\"ping\",\"payload\":NaN}")]
    public void Text_ThatIsNoJson_IsAProblemWithItsPlace(string text)
    {
        var problem = Decoded.Json(text).Problem;

        Assert.StartsWith("not valid JSON", problem, StringComparison.Ordinal);
        Assert.Contains("line 1", text.Contains('\n', StringComparison.Ordinal) ? problem!.Replace("line 2", "line 1", StringComparison.Ordinal) : problem, StringComparison.Ordinal);
    }

    // Half a surrogate pair has no UTF-8: no MessagePack member could be told. It may stand anywhere, in a name as in a value.
    [Theory]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"type":"ping","id":"\udc00"}""")]
    [InlineData("""{"type":"join","room":"\ud800x"}""")]
    [InlineData("""{"type":"publish","payload":"\ud800"}""")]
    [InlineData("""{"type":"publish","payload":{"\ud800":1}}""")]
    [InlineData("""{"type":"publish","payload":[["\ud800\ud800"]]}""")]
    [InlineData("""{"\ud800":1,"type":"ping"}""")]
    public void Text_WithHalfASurrogatePair_IsAProblem(string text) => Assert.NotNull(Decoded.Json(text).Problem);

    [Fact]
    public void Text_WithAWholeSurrogatePair_IsFine() =>
        Assert.Equal((null, "😀"), (Decoded.Json("""{"type":"ping","id":"\ud83d\ude00"}""").Problem, Decoded.Json("""{"type":"ping","id":"\ud83d\ude00"}""").Id));

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Payload_NestsSoDeep(int depth, bool taken)
    {
        var message = Decoded.Json($$"""{"type":"publish","payload":{{new string('[', depth)}}{{new string(']', depth)}}}""");

        Assert.Equal(taken, message.Problem is null);
    }

    [Fact]
    public void Read_OfAnyText_NeverThrows() =>
        Gen.OneOf(
            Gen.String.Select(Encoding.UTF8.GetBytes),
            PayloadGen.Json.Select(json => Encoding.UTF8.GetBytes($$"""{"type":"publish","id":{{json}},"payload":{{json}}}""")),
            Gen.Select(PayloadGen.Json, Gen.UInt, Gen.Char[" ~"], (json, at, c) =>
            {
                var text = $$"""{"type":"publish","payload":{{json}},{{json}}:1}""".ToCharArray();
                text[at % text.Length] = c;
                return Encoding.UTF8.GetBytes(text);
            }))
        .Sample(utf8 => Assert.NotNull(Decoded.Json(utf8).Type), iter: 10_000);
}
