using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>A node in memory that lets nobody in without a token, and nobody into more than two rooms.</summary>
public sealed class TokenNode : IAsyncLifetime
{
    public RunningNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await RunningNode.StartAsync(new NodeOptions().With(
        ("Fanout:Auth:AllowAnonymous", "false"),
        ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
        ("Fanout:Limits:MaxRoomsPerConnection", "2")));

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
