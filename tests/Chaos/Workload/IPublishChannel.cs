using System.Text.Json.Nodes;
using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>One way to publish: HTTP, or a socket.</summary>
internal interface IPublishChannel : IAsyncDisposable
{
    Task<Attempt> PublishAsync(Uri node, string room, JsonObject payload, string key);
}

/// <summary>How an attempt ended.</summary>
/// <param name="MessageId">Set when it was acknowledged.</param>
/// <param name="Refusal">Set when the node said what no fault explains: trying again would not help.</param>
internal sealed record Attempt(string? MessageId, Position? Position, string? Refusal)
{
    /// <summary>Not taken, or nobody knows: try again with the same key.</summary>
    public static readonly Attempt Again = new(null, null, null);
}
