using Fanout.Shared.Codecs;

namespace Fanout.Shared.Envelopes;

/// <summary>One connection in a room, as presence shows it.</summary>
/// <param name="ClientId">Names the connection.</param>
/// <param name="UserId">The user behind it, where it came with a token.</param>
/// <param name="Info">What the user's token says for others to see, as JSON; only in rooms with presence.</param>
public sealed record Member(string ClientId, string? UserId, Payload? Info)
{
    internal void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginMap();
        writer.Field("clientId"u8, ClientId);
        writer.FieldIfAny("userId"u8, UserId);
        if (Info is { } info)
        {
            writer.Name("info"u8);
            writer.Value(info);
        }

        writer.EndMap(map);
    }
}

/// <summary>Who published a message from a socket.</summary>
public sealed record Sender(string ClientId, string? UserId);
