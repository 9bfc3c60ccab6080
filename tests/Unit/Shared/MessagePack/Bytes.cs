using System.Buffers;
using System.Text;
using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

/// <summary>Short ways to say which bytes a test means.</summary>
internal static class Bytes
{
    public delegate void Writing(MessagePackWriter writer);

    /// <summary>"93 01 02" as bytes.</summary>
    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    public static string ToHex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    public static byte[] Written(Writing write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(new MessagePackWriter(output));
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Repeat(string hex, int times) => [.. Enumerable.Repeat(Hex(hex), times).SelectMany(bytes => bytes)];

    public static byte[] ToMessagePack(string json) => ToMessagePack(Encoding.UTF8.GetBytes(json));

    public static byte[] ToMessagePack(byte[] json)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(PayloadTranscoder.TryJsonToMessagePack(json, output, out var problem), problem);
        Assert.Null(problem);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] ToJsonBytes(byte[] messagePack)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(PayloadTranscoder.TryMessagePackToJson(messagePack, output, out var problem), problem);
        Assert.Null(problem);
        return output.WrittenSpan.ToArray();
    }

    public static string ToJson(byte[] messagePack) => Encoding.UTF8.GetString(ToJsonBytes(messagePack));

    /// <summary>The problem for JSON that must be refused; also checks that nothing was written.</summary>
    public static string JsonProblem(byte[] json)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.False(PayloadTranscoder.TryJsonToMessagePack(json, output, out var problem));
        Assert.Equal(0, output.WrittenCount);
        return Assert.IsType<string>(problem);
    }

    /// <summary>The problem for MessagePack that must be refused; also checks that nothing was written.</summary>
    public static string MessagePackProblem(byte[] messagePack)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.False(PayloadTranscoder.TryMessagePackToJson(messagePack, output, out var problem));
        Assert.Equal(0, output.WrittenCount);
        return Assert.IsType<string>(problem);
    }
}
