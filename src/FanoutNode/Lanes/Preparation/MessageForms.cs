using Fanout.Shared.Protocol;

namespace Fanout.Node.Lanes.Preparation;

/// <summary>The forms in which one message of a room goes out; each is made at most once on a node.</summary>
[Flags]
internal enum MessageForms
{
    None = 0,
    Json = 1,
    MessagePack = 2,
    DeflatedJson = 4,
    DeflatedMessagePack = 8,
    Deflated = DeflatedJson | DeflatedMessagePack,
}

/// <summary>How many receivers take which forms. Thread-safe.</summary>
internal struct FormCounts
{
    private int _json;
    private int _messagePack;
    private int _deflatedJson;
    private int _deflatedMessagePack;

    /// <summary>The forms that somebody takes.</summary>
    public MessageForms InUse =>
        (Volatile.Read(ref _json) > 0 ? MessageForms.Json : MessageForms.None)
        | (Volatile.Read(ref _messagePack) > 0 ? MessageForms.MessagePack : MessageForms.None)
        | (Volatile.Read(ref _deflatedJson) > 0 ? MessageForms.DeflatedJson : MessageForms.None)
        | (Volatile.Read(ref _deflatedMessagePack) > 0 ? MessageForms.DeflatedMessagePack : MessageForms.None);

    /// <summary>The forms that a client may be sent; the plain one always, for what is not worth compressing.</summary>
    public static MessageForms Of(ILaneClient client) => client.Format == WireFormat.Json
        ? MessageForms.Json | (client.LargestDeflated > 0 ? MessageForms.DeflatedJson : MessageForms.None)
        : MessageForms.MessagePack | (client.LargestDeflated > 0 ? MessageForms.DeflatedMessagePack : MessageForms.None);

    /// <summary>One receiver more, or with -1 one less.</summary>
    public void Add(ILaneClient client, int change)
    {
        var forms = Of(client);
        if ((forms & MessageForms.Json) != 0)
            Interlocked.Add(ref _json, change);
        if ((forms & MessageForms.MessagePack) != 0)
            Interlocked.Add(ref _messagePack, change);
        if ((forms & MessageForms.DeflatedJson) != 0)
            Interlocked.Add(ref _deflatedJson, change);
        if ((forms & MessageForms.DeflatedMessagePack) != 0)
            Interlocked.Add(ref _deflatedMessagePack, change);
    }
}
