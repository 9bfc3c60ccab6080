using System.Text;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Bench.Micro;

/// <summary>The message that everything here is measured with: 128 bytes of text, as in the load scenarios.</summary>
internal static class Samples
{
    public const string Room = "bench-room";

    public static readonly Sender From = new("0123456789abcdefghjk", null);

    public static readonly Payload Json = new(WireFormat.Json, Encoding.UTF8.GetBytes($"\"{new string('x', 126)}\""));

    public static readonly Payload MessagePack = new(WireFormat.MessagePack, Text(new string('x', 126)));

    public static readonly byte[] JsonPublish =
        Encoding.UTF8.GetBytes($$"""{"type":"publish","room":"{{Room}}","payload":{{Encoding.UTF8.GetString(Json.Bytes.Span)}}}""");

    public static readonly byte[] MessagePackPublish =
        [0x83, .. Text("type"), .. Text("publish"), .. Text("room"), .. Text(Room), .. Text("payload"), .. MessagePack.Bytes.Span];

    public static Payload Of(WireFormat format) => format == WireFormat.Json ? Json : MessagePack;

    private static byte[] Text(string text) => text.Length < 32
        ? [(byte)(0xA0 | text.Length), .. Encoding.UTF8.GetBytes(text)]
        : [0xD9, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];
}
