using System.Text;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class JsonToMessagePackTests
{
    [Theory]
    [InlineData("null", "c0")]
    [InlineData("true", "c3")]
    [InlineData("false", "c2")]
    [InlineData(" 1 ", "01")]
    [InlineData("-1", "ff")]
    [InlineData("127", "7f")]
    [InlineData("128", "cc80")]
    [InlineData("65536", "ce00010000")]
    [InlineData("9223372036854775807", "cf7fffffffffffffff")]
    [InlineData("9223372036854775808", "cf8000000000000000")]
    [InlineData("18446744073709551615", "cfffffffffffffffff")]
    [InlineData("-9223372036854775808", "d38000000000000000")]
    [InlineData("18446744073709551616", "cb43f0000000000000")] // beyond uint64: float64
    [InlineData("-9223372036854775809", "cbc3e0000000000000")] // beyond int64: float64
    [InlineData("0", "00")]
    [InlineData("-0", "cb8000000000000000")] // an integer would lose the sign
    [InlineData("-0.0", "cb8000000000000000")]
    [InlineData("1.0", "cb3ff0000000000000")] // written as a float, stays one
    [InlineData("1e3", "cb408f400000000000")]
    [InlineData("1E+3", "cb408f400000000000")]
    [InlineData("0.1", "cb3fb999999999999a")]
    [InlineData("1.7976931348623157e308", "cb7fefffffffffffff")]
    [InlineData("5e-324", "cb0000000000000001")]
    [InlineData("1e-400", "cb0000000000000000")]
    [InlineData("0e99999999999", "cb0000000000000000")]
    [InlineData("[]", "90")]
    [InlineData("{}", "80")]
    [InlineData("[1,[2,[]],{}]", "93019202" + "9080")]
    [InlineData("""{"a":{"b":[1,2]},"c":null}""", "82a16181a162920102a163c0")]
    [InlineData("""{"a":1,"a":2}""", "82a16101a16102")] // duplicates pass in order
    public void TryJsonToMessagePack_OfEachKind_WritesTheShortestForm(string json, string hex)
        => Assert.Equal(hex, Bytes.ToHex(Bytes.ToMessagePack(json)));

    [Theory]
    [InlineData("\"\"", "")]
    [InlineData("\"é😀\"", "é😀")]
    [InlineData("""
        "\"\\\/\b\f\n\r\t"
        """, "\"\\/\b\f\n\r\t")]
    [InlineData("""
        "a\u00e9b\uD83D\ude00c\u0000"
        """, "aéb😀c\0")]
    [InlineData("""
        "\uFFFF\\u0041"
        """, "\uffff\\u0041")]
    public void TryJsonToMessagePack_OfStrings_ResolvesEscapes(string json, string expected)
    {
        var written = Bytes.Written(w => w.WriteString(expected));
        Assert.Equal(Bytes.ToHex(written), Bytes.ToHex(Bytes.ToMessagePack(json)));

        // The same text as a key takes the same way.
        Assert.Equal("81" + Bytes.ToHex(written) + "c0", Bytes.ToHex(Bytes.ToMessagePack($"{{{json.Trim()}:null}}")));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(256)]
    [InlineData(65536)]
    public void TryJsonToMessagePack_OfEscapedStringsAtEachHeaderLength_AgreesWithTheWriter(int length)
    {
        var json = "\"" + string.Concat(Enumerable.Repeat("\\u0041", length)) + "\"";
        Assert.Equal(Bytes.Written(w => w.WriteString(new string('A', length))), Bytes.ToMessagePack(json));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void TryJsonToMessagePack_OfContainersAtEachHeaderLength_CountsTheEntries(int count)
    {
        var array = "[" + string.Join(',', Enumerable.Repeat("[7]", count)) + "]";
        var map = "{" + string.Join(',', Enumerable.Repeat("\"k\":{}", count)) + "}";
        Assert.Equal([.. Bytes.Written(w => w.WriteArrayHeader(count)), .. Bytes.Repeat("9107", count)], Bytes.ToMessagePack(array));
        Assert.Equal([.. Bytes.Written(w => w.WriteMapHeader(count)), .. Bytes.Repeat("a16b80", count)], Bytes.ToMessagePack(map));
    }

    [Theory]
    [InlineData("[1e400]", "the number at byte 1 is beyond the range of a float64")]
    [InlineData("-1e400", "the number at byte 0 is beyond the range of a float64")]
    [InlineData("1e99999999999", "the number at byte 0 is beyond the range of a float64")]
    [InlineData("""["\ud800"]""", "the string at byte 1 has a surrogate without its partner")]
    [InlineData("""["\udc00\ud800"]""", "the string at byte 1 has a surrogate without its partner")]
    [InlineData("""["\ud800\n"]""", "the string at byte 1 has a surrogate without its partner")]
    [InlineData("""["\ud800\u0041"]""", "the string at byte 1 has a surrogate without its partner")]
    [InlineData("""{"\udfff":1}""", "the string at byte 1 has a surrogate without its partner")]
    [InlineData("", "the JSON is malformed at byte 0")]
    [InlineData("[1,]", "the JSON is malformed at byte 3")]
    [InlineData("[1] 2", "the JSON is malformed at byte 4")]
    [InlineData("[1", "the JSON is malformed at byte 2")]
    [InlineData("/**/1", "the JSON is malformed at byte 0")]
    [InlineData("NaN", "the JSON is malformed at byte 0")]
    [InlineData("\ufeff1", "the JSON is malformed at byte 0")] // no byte order mark
    public void TryJsonToMessagePack_OfWhatDoesNotFit_SaysWhyAndWritesNothing(string json, string problem)
        => Assert.Equal(problem, Bytes.JsonProblem(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("22ff22")]
    [InlineData("22c3225c6e22")]
    [InlineData("22 5c6e c3 22")]
    [InlineData("22eda08022")]
    public void TryJsonToMessagePack_OfInvalidUtf8_RefusesIt(string hex) => Assert.NotEmpty(Bytes.JsonProblem(Bytes.Hex(hex)));
}
