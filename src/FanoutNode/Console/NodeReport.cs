namespace Fanout.Node.Console;

/// <summary>How a node is; what travels in <c>$ops</c> twice a second while somebody watches.</summary>
/// <remarks>
/// Counters only ever grow, and are counted while somebody watches: whoever wants a rate takes the difference of two reports, so that one that was
/// missed does no harm. The console's own messages, connections and rooms are left out.
/// </remarks>
/// <param name="Node">The node's id.</param>
/// <param name="Seq">Grows with each report of this start of the node: a report may come twice.</param>
/// <param name="At">Unix milliseconds, in the node's clock.</param>
/// <param name="Published">Messages that clients and callers of this node published.</param>
/// <param name="Delivered">Messages handed to sockets, one for each receiver.</param>
/// <param name="Dropped">Messages that did not reach a receiver.</param>
/// <param name="Limited">Refusals by a limit.</param>
/// <param name="Latency">
/// Deliveries by how long they took from the publish to the socket or its backlog, by the steps of <see cref="Lanes.DeliveryTimes"/>; a counter for each
/// step, as those above. What a member catches up on is not among them. Null where there is none yet.
/// </param>
/// <param name="Cpu">Cores in use over the last second: 1.5 is one and a half.</param>
/// <param name="Memory">Bytes of the process.</param>
/// <param name="Top">The busiest and the largest rooms of this node.</param>
/// <param name="Pending">Events that could not be told in <c>$ops.events</c> yet.</param>
internal sealed record NodeReport(
    string Node,
    string Name,
    long Seq,
    long At,
    string Version,
    long Started,
    long Connections,
    long Rooms,
    long Opened,
    long Closed,
    long Published,
    long Delivered,
    long Dropped,
    long Limited,
    BackplaneReport Backplane,
    string Drain,
    IReadOnlyDictionary<string, long>? Latency,
    double Cpu,
    int Cores,
    long Memory,
    IReadOnlyList<RoomReport> Top,
    IReadOnlyList<OpsEvent>? Pending);

/// <param name="Kind"><c>redis</c> or <c>memory</c>.</param>
/// <param name="State"><c>healthy</c> or <c>degraded</c>.</param>
/// <param name="ProbeMs">The last probe's way through Redis and back.</param>
internal sealed record BackplaneReport(string Kind, string State, double? ProbeMs);

/// <param name="Members">On this node.</param>
/// <param name="Rate">Messages a second; all of the room's, since every node with members hears them all.</param>
internal sealed record RoomReport(string Room, long Members, double Rate);
