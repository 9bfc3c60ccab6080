using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>A node in memory that lets everybody in.</summary>
public sealed class OpenNode : IAsyncLifetime
{
    public NodeProcess Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await NodeProcess.StartAsync(new NodeOptions().With(
        ("Fanout:Limits:MessagesPerSecond", "5000"), ("Fanout:Limits:MessageBurst", "10000"),
        ("Fanout:Rooms:0:Pattern", "*"), ("Fanout:Rooms:0:HistorySize", "5000")));

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
