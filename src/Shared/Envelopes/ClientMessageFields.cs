using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>The rules that both codecs apply to a field once they hold its text.</summary>
internal static class ClientMessageFields
{
    // The types are few and hot: a switch on the bytes gives the interned name without making a string per message.
    public static string TypeOf(ReadOnlySpan<byte> utf8) => utf8 switch
    {
        _ when utf8.SequenceEqual("publish"u8) => MessageTypes.Publish,
        _ when utf8.SequenceEqual("ping"u8) => MessageTypes.Ping,
        _ when utf8.SequenceEqual("join"u8) => MessageTypes.Join,
        _ when utf8.SequenceEqual("leave"u8) => MessageTypes.Leave,
        _ when utf8.SequenceEqual("presence"u8) => MessageTypes.Presence,
        _ when utf8.SequenceEqual("history"u8) => MessageTypes.History,
        _ when utf8.SequenceEqual("request"u8) => MessageTypes.Request,
        _ when utf8.SequenceEqual("refresh"u8) => MessageTypes.Refresh,
        _ => utf8.Length > 32 ? "?" : System.Text.Encoding.UTF8.GetString(utf8),
    };

    public static void SetText(ref ClientMessage message, ClientField field, string value)
    {
        switch (field)
        {
            case ClientField.Id when value.Length is 0 or > ProtocolLimits.MaxIdLength:
                message.Problem ??= $"'id' must have 1 to {ProtocolLimits.MaxIdLength} characters";
                break;
            case ClientField.Id:
                message.Id = value;
                break;
            case ClientField.Room:
                message.Room = value;
                break;
            case ClientField.Key when value.Length is 0 or > ProtocolLimits.MaxKeyLength:
                message.Problem ??= $"'key' must have 1 to {ProtocolLimits.MaxKeyLength} characters";
                break;
            case ClientField.Key:
                message.Key = value;
                break;
            case ClientField.Method when value.Length is 0 or > ProtocolLimits.MaxMethodLength:
                message.Problem ??= $"'method' must have 1 to {ProtocolLimits.MaxMethodLength} characters";
                break;
            case ClientField.Method:
                message.Method = value;
                break;
        }
    }

    public static ClientField FieldOf(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("type"u8) => ClientField.Type,
        _ when name.SequenceEqual("id"u8) => ClientField.Id,
        _ when name.SequenceEqual("room"u8) => ClientField.Room,
        _ when name.SequenceEqual("payload"u8) => ClientField.Payload,
        _ when name.SequenceEqual("key"u8) => ClientField.Key,
        _ when name.SequenceEqual("echo"u8) => ClientField.Echo,
        _ when name.SequenceEqual("method"u8) => ClientField.Method,
        _ when name.SequenceEqual("traceparent"u8) => ClientField.TraceParent,
        _ => ClientField.Unknown,
    };

    public static string NameOf(ClientField field) => field switch
    {
        ClientField.Type => "type",
        ClientField.Id => "id",
        ClientField.Room => "room",
        ClientField.Payload => "payload",
        ClientField.Key => "key",
        ClientField.Echo => "echo",
        ClientField.Method => "method",
        ClientField.TraceParent => "traceparent",
        _ => "?",
    };
}

internal enum ClientField
{
    Unknown,
    Type,
    Id,
    Room,
    Payload,
    Key,
    Echo,
    Method,
    TraceParent,
}
