using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class MessagePackToJsonTests
{
    [Theory]
    [InlineData("c0", "null")]
    [InlineData("c2", "false")]
    [InlineData("c3", "true")]
    [InlineData("7f", "127")]
    [InlineData("e0", "-32")]
    [InlineData("ccff", "255")]
    [InlineData("cdffff", "65535")]
    [InlineData("ceffffffff", "4294967295")]
    [InlineData("cfffffffffffffffff", "18446744073709551615")]
    [InlineData("d080", "-128")]
    [InlineData("d18000", "-32768")]
    [InlineData("d280000000", "-2147483648")]
    [InlineData("d38000000000000000", "-9223372036854775808")]
    [InlineData("ca3dcccccd", "0.1")] // as a double this would be 0.10000000149011612
    [InlineData("ca7f7fffff", "3.4028235E+38")]
    [InlineData("cb3fb999999999999a", "0.1")]
    [InlineData("cb3ff0000000000000", "1")]
    [InlineData("cb8000000000000000", "-0")]
    [InlineData("cb43f0000000000000", "1.8446744073709552E+19")]
    [InlineData("cb0000000000000001", "5E-324")]
    [InlineData("cb8010000000000000", "-2.2250738585072014E-308")]
    [InlineData("90", "[]")]
    [InlineData("80", "{}")]
    [InlineData("93 01 92 02 90 80", "[1,[2,[]],{}]")]
    [InlineData("82 a161 81 a162 92 01 02 a163 c0", """{"a":{"b":[1,2]},"c":null}""")]
    [InlineData("82 a161 01 a161 02", """{"a":1,"a":2}""")]
    [InlineData("dc0001 c0", "[null]")]
    [InlineData("dd00000001 c0", "[null]")]
    [InlineData("de0001 a0 c0", """{"":null}""")]
    [InlineData("df00000001 d900 c0", """{"":null}""")]
    [InlineData("c400", "\"\"")]
    [InlineData("c401fb", "\"+w==\"")]
    [InlineData("c50003 ffefbe", "\"/+++\"")]
    [InlineData("c600000002 fbff", "\"+/8=\"")]
    public void TryMessagePackToJson_OfEachFormat_WritesTheValue(string hex, string json)
        => Assert.Equal(json, Bytes.ToJson(Bytes.Hex(hex)));

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a\"b\\c/d", """
        "a\"b\\c/d"
        """)]
    [InlineData("\b\f\n\r\t", """
        "\b\f\n\r\t"
        """)]
    [InlineData("\0\u001f\u007f", "\"\\u0000\\u001f\u007f\"")]
    [InlineData("é😀\u2028", "\"é😀\u2028\"")] // beyond ASCII stays as it is
    public void TryMessagePackToJson_OfStrings_EscapesOnlyWhatMustBe(string value, string json)
    {
        var written = Bytes.Written(w => w.WriteString(value));
        Assert.Equal(json, Bytes.ToJson(written));
        Assert.Equal($"{{{json}:null}}", Bytes.ToJson([0x81, .. written, 0xc0]));
    }

    [Theory]
    [InlineData("01 02", "the value ends at byte 1 and more bytes follow")]
    [InlineData("", "the bytes end where a value is due, at byte 0")]
    [InlineData("92 01 81 01 02", "the map key at byte 3 is not a string")]
    [InlineData("93 01 02 ca7fc00000", "the number at byte 3 is not finite")]
    public void TryMessagePackToJson_OfWhatDoesNotFit_SaysWhyAndWritesNothing(string hex, string problem)
        => Assert.Equal(problem, Bytes.MessagePackProblem(Bytes.Hex(hex)));
}
