using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>A node in memory that lets nobody in without a token, with presence in every room.</summary>
public sealed class TokenNode : IAsyncLifetime
{
    public NodeProcess Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await NodeProcess.StartAsync(new NodeOptions().With(
        ("Fanout:Auth:AllowAnonymous", "false"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
        ("Fanout:Limits:MessagesPerSecond", "5000"), ("Fanout:Limits:MessageBurst", "10000"),
        ("Fanout:Rooms:0:Pattern", "*"), ("Fanout:Rooms:0:HistorySize", "10000"), ("Fanout:Rooms:0:Presence", "true")));

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
