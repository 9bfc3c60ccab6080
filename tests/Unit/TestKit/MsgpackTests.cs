using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Clients.Wire;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class MsgpackTests
{
    [Theory]
    [InlineData("null", "C0")]
    [InlineData("true", "C3")]
    [InlineData("0", "00")]
    [InlineData("127", "7F")]
    [InlineData("128", "CC80")]
    [InlineData("65535", "CDFFFF")]
    [InlineData("4294967295", "CEFFFFFFFF")]
    [InlineData("9223372036854775807", "CF7FFFFFFFFFFFFFFF")]
    [InlineData("18446744073709551615", "CFFFFFFFFFFFFFFFFF")]
    [InlineData("-1", "FF")]
    [InlineData("-32", "E0")]
    [InlineData("-33", "D0DF")]
    [InlineData("-32768", "D18000")]
    [InlineData("-2147483648", "D280000000")]
    [InlineData("-9223372036854775808", "D38000000000000000")]
    [InlineData("1.5", "CB3FF8000000000000")]
    [InlineData("\"h\u00e9\"", "A368C3A9")]
    [InlineData("[1,[]]", "920190")]
    [InlineData("{\"a\":{}}", "81A16180")]
    public void Json_ToBytesAndBack_IsAsTheSpecificationSays(string json, string hex)
    {
        var bytes = Msgpack.Encode(JsonNode.Parse(json));

        Assert.Equal(hex, Convert.ToHexString(bytes));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), Msgpack.Decode(bytes)));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(256)]
    [InlineData(65_536)]
    public void Strings_ArraysAndMaps_OfEveryLengthForm_RoundTrip(int length)
    {
        var node = new JsonObject
        {
            ["text"] = new string('x', length),
            ["array"] = new JsonArray([.. Enumerable.Range(0, length).Select(i => (JsonNode)i)]),
            ["map"] = new JsonObject(Enumerable.Range(0, length).Select(i => KeyValuePair.Create($"k{i}", (JsonNode?)i))),
        };

        Assert.Equal(node.ToJsonString(), Msgpack.Decode(Msgpack.Encode(node))!.ToJsonString());
    }

    [Fact]
    public void Decode_KeepsIntegersFloatsAndBinaryApart()
    {
        var array = (JsonArray)Msgpack.Decode(Convert.FromHexString("9405CB4014000000000000CA40A00000C4020102"))!;

        Assert.Equal(5L, array[0]!.GetValue<long>());
        Assert.Equal(5.0, array[1]!.GetValue<double>());
        Assert.Equal(5.0f, array[2]!.GetValue<float>());
        Assert.Equal([1, 2], array[3]!.GetValue<byte[]>());
    }

    [Fact]
    public void Encode_OfBinaryDoubleAndRaw_KeepsTheirTypes()
    {
        var array = new JsonArray(Msgpack.Binary([1, 2]), JsonValue.Create(5.0), Msgpack.Raw(0xd4, 0x01, 0x02));

        Assert.Equal("93C4020102CB4014000000000000D40102", Convert.ToHexString(Msgpack.Encode(array)));
    }

    [Theory]
    [InlineData("D40102")]
    [InlineData("C1")]
    [InlineData("8101A161")]
    [InlineData("A1FF")]
    [InlineData("A361")]
    [InlineData("82A16101A16102")]
    [InlineData("0101")]
    [InlineData("")]
    public void Decode_OfWhatTheContractForbids_Throws(string hex) =>
        Assert.Throws<FormatException>(() => Msgpack.Decode(Convert.FromHexString(hex)));
}
