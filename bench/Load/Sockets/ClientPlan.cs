using Fanout.Bench.Load.Protocols;

namespace Fanout.Bench.Load.Sockets;

/// <summary>What a connection is for.</summary>
/// <param name="Protocol">How to speak; null: plain HTTP, for publishing.</param>
/// <param name="Port">On 127.0.0.1.</param>
/// <param name="Room">The room that it joins; null: it only publishes.</param>
/// <param name="RoomIndex">The room's number in the traffic.</param>
/// <param name="PublishRoom">The room that it publishes to, for a protocol that ties a publisher to one.</param>
/// <param name="Stalls">Reads nothing once it has joined.</param>
internal sealed record ClientPlan(
    Protocol? Protocol, int Port, string? Room, int RoomIndex, string? PublishRoom = null, bool Stalls = false);
