using System.Text;
using CsCheck;
using Fanout.Shared.Envelopes;
using Fanout.Tests.Unit.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Envelopes;

public sealed class JsonPayloadTests
{
    [Theory]
    [InlineData("1", "1")]
    [InlineData(" \r\n[ 1 , 2 ]\t ", "[ 1 , 2 ]")]
    [InlineData("\"é\\u00e9\"", "\"é\\u00e9\"")]
    [InlineData("null", "null")]
    [InlineData("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e308")]
    [InlineData("1e-999", "1e-999")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    public void Value_ThatEverybodyCanBeSent_IsTakenAsItStands(string text, string value) => Assert.Equal((value, null), Check(text));

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData(" ", "not valid JSON")]
    [InlineData("1 2", "not valid JSON")]
    [InlineData("[1", "not valid JSON")]
    [InlineData("nul", "not valid JSON")]
    [InlineData("[1,]", "not valid JSON")]
    [InlineData("1e999", "64-bit float")]
    [InlineData("{\"a\":[-1E+400]}", "64-bit float")]
    [InlineData("\"\\ud800\"", "surrogate")]
    [InlineData("{\"\\udc00\":1}", "surrogate")]
    public void Value_ThatCannotBeCarried_IsRefusedWithAReason(string text, string said) =>
        Assert.Contains(said, Check(text).Problem, StringComparison.Ordinal);

    // Longer than any double, without an exponent.
    [Theory]
    [InlineData(308, true)]
    [InlineData(310, false)]
    public void Number_OfManyDigits_IsTaken_AsLongAsADoubleHoldsIt(int digits, bool taken) =>
        Assert.Equal(taken, Check("1" + new string('0', digits - 1)).Problem is null);

    [Fact]
    public void Bytes_ThatAreNoUtf8_AreRefused()
    {
        Assert.False(JsonPayload.TryCheck(new byte[] { 0x22, 0xff, 0x22 }, out _, out var problem));
        Assert.Contains("UTF-8", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Value_NestsSoDeep(int depth, bool taken) =>
        Assert.Equal(taken, Check(new string('[', depth) + new string(']', depth)).Problem is null);

    // What is taken can be turned into MessagePack: no conversion fails after the publish was acknowledged.
    [Fact]
    public void Value_ThatIsTaken_CanBeTurnedIntoMessagePack() =>
        PayloadGen.Json.Sample(
            json =>
            {
                if (Check(json).Problem is null)
                    Bytes.ToMessagePack(json);
            },
            iter: 5_000);

    private static (string? Value, string? Problem) Check(string text) =>
        JsonPayload.TryCheck(Encoding.UTF8.GetBytes(text), out var value, out var problem)
            ? (Encoding.UTF8.GetString(value.Span), problem)
            : (null, problem);
}
