using CsCheck;
using Fanout.Tests.Unit.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Envelopes;

public sealed class MessagePackClientMessageReaderTests
{
    // {"type": "ping", "id": "1"}, in the forms that a codec may choose for one and the same map.
    [Theory]
    [InlineData("82 A474797065 A470696E67 A26964 A131")]
    [InlineData("DE0002 D90474797065 DA000470696E67 DB000000026964 A131")]
    [InlineData("DF00000002 A474797065 A470696E67 A26964 A131")]
    public void Message_InAnyForm_IsRead(string hex)
    {
        var message = Decoded.Msgpack(Bytes.Hex(hex));

        Assert.Equal(("ping", "1", null), (message.Type, message.Id, message.Problem));
    }

    [Theory]
    [InlineData("", "the bytes end")]
    [InlineData("C1", "not MessagePack")]
    [InlineData("81 A474797065", "the bytes end")]
    [InlineData("81 A474797065 A470696E", "cut short")]
    [InlineData("81 A474797065 A470696E67 00", "behind the message")]
    [InlineData("81 01 02", "not a string")]
    [InlineData("81 A178 D40100", "extension")]
    [InlineData("81 A178 CB7FF0000000000000", "not finite")]
    [InlineData("81 A178 A1FF", "UTF-8")]
    [InlineData("DFFFFFFFFF", "cut short")]
    public void Bytes_ThatAreNoMessage_AreAProblem(string hex, string said) =>
        Assert.Contains(said, Decoded.Msgpack(Bytes.Hex(hex)).Problem, StringComparison.Ordinal);

    [Fact]
    public void Payload_IsTheBytesAsTheyStand()
    {
        // A 5 in three bytes, within {"payload": …, "type": "publish"}.
        var message = Decoded.Msgpack(Bytes.Hex("82 A77061796C6F6164 CD0005 A474797065 A77075626C697368"));

        Assert.Equal(("publish", "CD0005"), (message.Type, Convert.ToHexString(message.Payload)));
    }

    [Fact]
    public void Read_OfAnyBytes_NeverThrows() =>
        Gen.OneOf(
            PayloadGen.Noise,
            PayloadGen.MessagePack.Select(payload => Bytes.Hex("82 A474797065 A77075626C697368 A77061796C6F6164").Concat(payload).ToArray()))
        .Sample(bytes => Assert.NotNull(Decoded.Msgpack(bytes).Type), iter: 10_000);

    [Fact]
    public void Payload_OfAnyKind_IsFoundWhole() =>
        PayloadGen.MessagePack.Sample(
            payload =>
            {
                var message = Decoded.Msgpack([.. Bytes.Hex("83 A474797065 A77075626C697368 A77061796C6F6164"), .. payload, .. Bytes.Hex("A26964 A131")]);
                // Deeper than an envelope may be, a payload is refused; else it is found.
                if (message.Problem is null)
                    Assert.Equal((Convert.ToHexString(payload), "1"), (Convert.ToHexString(message.Payload), message.Id));
            },
            iter: 1_000);
}
