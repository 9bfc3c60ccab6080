using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>Nchan: one location for subscribers and one for publishers; a message is its payload, without an envelope.</summary>
internal sealed class NchanProtocol : Protocol
{
    public override bool TiesPublishers => true;

    public override string Path(ClientPlan plan) => plan.Room is null ? $"/pub?id={plan.PublishRoom}" : $"/sub?id={plan.Room}";

    public override bool OnOpen(Client client) => true;

    public override PublishTemplate Publish(string room, int payloadBytes) => new("", "", payloadBytes);

    public override PublishTemplate HttpPublish(string room, int payloadBytes) =>
        PublishTemplate.Post($"/pub?id={room}", "", payloadBytes, quoted: false);
}
