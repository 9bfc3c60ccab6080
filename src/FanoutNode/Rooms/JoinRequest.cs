using Fanout.Shared.Rooms;

namespace Fanout.Node.Rooms;

/// <summary>What a client asked for with a join.</summary>
/// <param name="Id">To be repeated in the answer; null for rooms named at the connect.</param>
/// <param name="Since">Resume behind this position.</param>
/// <param name="Last">Or: the last so many messages.</param>
/// <param name="WantsPresence">Whether it wants presence notices.</param>
/// <param name="CountsAnswer">Whether the answer is counted out of the connection's gate: for commands, not for rooms named at the connect.</param>
internal sealed record JoinRequest(string? Id, string Room, RoomPosition? Since, int? Last, bool WantsPresence, bool CountsAnswer);
