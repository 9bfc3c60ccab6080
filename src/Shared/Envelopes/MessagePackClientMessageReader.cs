using System.Text;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>Decodes a client's MessagePack message: one map with the field names of the JSON form.</summary>
public static class MessagePackClientMessageReader
{
    /// <summary>Reads one message. Never throws: what is wrong stands in <see cref="ClientMessage.Problem"/>.</summary>
    public static ClientMessage Read(ReadOnlySpan<byte> bytes)
    {
        var message = new ClientMessage { Type = "", Echo = true };

        // The whole message is checked first, so that the walk below meets no surprise.
        if (!MessagePackValidator.TryValidate(bytes, ProtocolLimits.MaxDepth, out var consumed, out var problem))
            message.Problem = $"not valid MessagePack: {problem}";
        else if (consumed != bytes.Length)
            message.Problem = "there are bytes behind the message";
        else
            ReadMap(bytes, ref message);

        if (message.Problem is null && message.Type.Length == 0)
            message.Problem = "'type' is missing";
        return message;
    }

    private static void ReadMap(ReadOnlySpan<byte> bytes, ref ClientMessage message)
    {
        var reader = new MessagePackReader(bytes);
        if (!reader.TryReadMapHeader(out var count))
        {
            message.Problem = "a message must be one map";
            return;
        }

        for (var i = 0; i < count; i++)
        {
            reader.TryReadString(out var name);
            var field = ClientMessageFields.FieldOf(name);
            var start = reader.Position;
            switch (field)
            {
                case ClientField.Payload:
                    reader.TrySkip();
                    message.Payload = bytes[start..reader.Position];
                    break;

                case ClientField.TraceParent when reader.TryReadString(out var traceParent):
                    message.TraceParent = traceParent;
                    break;

                case ClientField.TraceParent:
                case ClientField.Unknown:
                    reader.TrySkip();
                    break;

                case ClientField.Echo:
                    if (reader.TryReadBoolean(out var echo))
                        message.Echo = echo;
                    else
                        WrongType(ref reader, field, "true or false", ref message);
                    break;

                case ClientField.Type when reader.TryReadString(out var type):
                    message.Type = ClientMessageFields.TypeOf(type);
                    break;

                default:
                    if (reader.TryReadString(out var text))
                        ClientMessageFields.SetText(ref message, field, Encoding.UTF8.GetString(text));
                    else
                        WrongType(ref reader, field, "a string", ref message);
                    break;
            }
        }
    }

    private static void WrongType(ref MessagePackReader reader, ClientField field, string wanted, ref ClientMessage message)
    {
        message.Problem ??= $"'{ClientMessageFields.NameOf(field)}' must be {wanted}";
        reader.TrySkip();
    }
}
