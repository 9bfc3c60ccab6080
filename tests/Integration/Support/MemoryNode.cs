using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>
/// A node in memory with every limit at its default, shared by all tests that need no more. It knows a key for each scope alone beside the usual one.
/// </summary>
public sealed class MemoryNode : IAsyncLifetime
{
    public RunningNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await RunningNode.StartAsync(new NodeOptions().With(
        [.. new[] { "publish", "read", "admin" }.SelectMany((scope, i) => new (string, string?)[]
        {
            ($"Fanout:Api:Keys:{i + 1}:Name", $"only {scope}"), ($"Fanout:Api:Keys:{i + 1}:Key", $"only-{scope}-key"), ($"Fanout:Api:Keys:{i + 1}:Scopes:0", scope),
        })]));

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
