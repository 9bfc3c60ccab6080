using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>A node in memory with every limit at its default, shared by all tests that need no more.</summary>
public sealed class MemoryNode : IAsyncLifetime
{
    public RunningNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await RunningNode.StartAsync(new NodeOptions());

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
