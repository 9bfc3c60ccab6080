using System.Diagnostics;
using Fanout.Node.Diagnostics;
using Fanout.Shared.Envelopes;

namespace Fanout.Node.Publishing;

/// <summary>From where a publish came; a metric's tag.</summary>
internal enum PublishSource
{
    Socket,
    Http,
}

/// <summary>A publish whose room, payload and grant are checked.</summary>
/// <param name="From">Absent for HTTP.</param>
/// <param name="ExcludedClientId">The connection that must not get the message.</param>
/// <param name="Principal">Whose idempotency keys these are.</param>
/// <param name="Key">Idempotency key, if the publisher gave one.</param>
/// <param name="CountsMembers">Whether the answer shall say how many members the room has.</param>
internal readonly record struct PublishRequest(
    string Room, Payload Payload, Sender? From, string? ExcludedClientId, PublishSource Source, string Principal, string? Key, bool CountsMembers = false)
{
    /// <summary>The trace that a client's message belongs to, see <see cref="TraceSampling"/>; for HTTP it is that of the request.</summary>
    public ActivityContext? Trace { get; init; }
}
