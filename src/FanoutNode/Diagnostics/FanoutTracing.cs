using System.Diagnostics;

namespace Fanout.Node.Diagnostics;

/// <summary>
/// The service's spans. One trace runs from a publish through the backplane to each node: <c>publish</c> (the node that took it), below it
/// <c>backplane publish</c> (the script or command), below that one <c>deliver</c> for each node that has members. A client's request to a back end
/// is one span, <c>request</c>, between the client's and the back end's.
/// </summary>
internal static class FanoutTracing
{
    public const string SourceName = "Fanout.Node";
    public const string PublishSpan = "publish";
    public const string BackplaneSpan = "backplane publish";
    public const string DeliverSpan = "deliver";
    public const string RequestSpan = "request";

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

    // Of HTTP clients, as OpenTelemetry names them.
    public const string HttpMethod = "http.request.method";
    public const string HttpStatus = "http.response.status_code";
    public const string Url = "url.full";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";
    public const string ErrorType = "error.type";
    public const string RequestMethod = "fanout.request.method";
    public const string RequestId = "fanout.request.id";

    public static readonly ActivitySource Source = new(SourceName);
}
