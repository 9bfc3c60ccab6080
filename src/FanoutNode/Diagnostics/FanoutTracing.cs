using System.Diagnostics;

namespace Fanout.Node.Diagnostics;

/// <summary>
/// The service's spans. One trace runs from a publish through the backplane to each node: <c>publish</c> (the node that took it), below it
/// <c>backplane publish</c> (the script or command), below that one <c>deliver</c> for each node that has members.
/// </summary>
internal static class FanoutTracing
{
    public const string SourceName = "Fanout.Node";
    public const string PublishSpan = "publish";
    public const string BackplaneSpan = "backplane publish";
    public const string DeliverSpan = "deliver";

    public const string MessageId = "messaging.message.id";
    public const string MessageSize = "messaging.message.body.size";
    public const string Destination = "messaging.destination.name";
    public const string BatchCount = "messaging.batch.message_count";
    public const string System = "messaging.system";
    public const string Operation = "messaging.operation.type";
    public const string Outcome = "fanout.outcome";
    public const string Offset = "fanout.offset";
    public const string Nodes = "fanout.nodes";
    public const string Members = "fanout.members";
    public const string ClientId = "fanout.client.id";
    public const string SystemName = "fanout";

    public static readonly ActivitySource Source = new(SourceName);
}
