using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>How one kind of server is spoken to over a WebSocket, as little of it as a member and a publisher need.</summary>
internal abstract class Protocol
{
    /// <summary>A room whose name begins with it is all connections of one user: its member connects as that user and joins nothing.</summary>
    public const string UserPrefix = "$user.";

    /// <summary>Path and query of the upgrade.</summary>
    public abstract string Path(ClientPlan plan);

    /// <summary>Further header lines of the upgrade.</summary>
    public virtual string Headers => "";

    /// <summary>Whether a server may put several messages into one frame.</summary>
    public virtual bool JoinsMessages => false;

    /// <summary>Whether a publisher's connection is tied to one room.</summary>
    public virtual bool TiesPublishers => false;

    /// <summary>The upgrade succeeded; true if nothing else is needed.</summary>
    public virtual bool OnOpen(Client client) => false;

    /// <summary>A frame before the connection is ready; true if it is now.</summary>
    public virtual bool OnHandshake(Client client, ReadOnlySpan<byte> payload) => true;

    /// <summary>A frame that is no delivery: heartbeats.</summary>
    public virtual void OnOther(Client client, ReadOnlySpan<byte> payload)
    {
    }

    /// <summary>A publish through a publisher's WebSocket.</summary>
    public abstract PublishTemplate Publish(string room, int payloadBytes);

    /// <summary>A publish by HTTP.</summary>
    public virtual PublishTemplate HttpPublish(string room, int payloadBytes) => throw new NotSupportedException();

    /// <summary>One message of a batch by HTTP.</summary>
    public virtual PublishTemplate BatchItem(string room, int payloadBytes) =>
        new($$"""{"user":"{{room[UserPrefix.Length..]}}","payload":""" + "\"", "\"}", payloadBytes, opcode: null);

    /// <summary>Request line and further header lines of a batch, but for its length.</summary>
    public virtual string BatchHead => throw new NotSupportedException();
}
