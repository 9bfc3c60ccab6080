using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Fleet;

/// <summary><c>$all</c>: every connection, by API alone.</summary>
public static class EveryConnectionTests
{
    [Collection(TwoNodes.Name)]
    public sealed class OnTwoNodes(TwoNodes nodes)
    {
        [Fact]
        public async Task Publish_ToAll_ReachesEveryConnectionOfBothNodes_JoinedOrNot()
        {
            await using var alone = await nodes.First.ConnectAsync();
            await using var member = await nodes.Second.JoinAsync(Rooms.New(), TestClientOptions.Msgpack);

            Assert.True((await nodes.First.Api.PublishAsync("$all", "maintenance at noon")).IsSuccess);

            foreach (var client in new[] { alone, member })
            {
                var message = await client.ExpectTypeAsync("message", "$all");
                Assert.Equal(("maintenance at noon", false), (message.Text("payload"), message.ContainsKey("offset")));
            }
        }

        [Fact]
        public async Task Publish_ToAllWithAnExclude_LeavesThatOneOut()
        {
            await using var excluded = await nodes.First.ConnectAsync();
            await using var other = await nodes.Second.ConnectAsync();

            await nodes.Second.Api.PublishAsync("$all", "not for you", exclude: excluded.ClientId);
            await nodes.Second.Api.PublishAsync("$all", "for all");

            await other.ExpectAsync(message => message.Text("payload") == "not for you", "the first of two messages to all");
            await excluded.ExpectAsync(message => message.Text("payload") == "for all", "the second of two messages to all");
            Assert.DoesNotContain(excluded.Messages("$all"), message => message.Text("payload") == "not for you");
        }
    }

    public sealed class InMemory(MemoryNode memory)
    {
        [Fact]
        public async Task Publish_ToAll_ReachesEveryConnection()
        {
            // Not the node that others use: they would hear it too.
            await using var node = await RunningNode.StartAsync();
            await using var client = await node.ConnectAsync();

            Assert.True((await node.Api.PublishAsync("$all", "hello")).IsSuccess);

            Assert.Equal("hello", (await client.ExpectTypeAsync("message", "$all")).Text("payload"));
        }

        [Theory]
        [InlineData("publish")]
        [InlineData("join")]
        public async Task SocketCommand_ForAll_IsForbidden(string type)
        {
            await using var client = await memory.Node.ConnectAsync();

            var error = await client.RequestErrorAsync(new { type, room = "$all", payload = new { } });

            Assert.Equal("forbidden", error.Text("code"));
        }
    }

    /// <summary>Even a token that grants every name leaves the service's room alone.</summary>
    public sealed class WithAWideToken
    {
        [Theory]
        [InlineData("publish")]
        [InlineData("join")]
        public async Task SocketCommand_ForAll_IsForbidden(string type)
        {
            await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey)));
            var wide = new[] { "*", "$*" };
            await using var client = await node.ConnectAsync(
                new TestClientOptions { Token = Tokens.For("ann", new { join = wide, publish = wide }) });

            var error = await client.RequestErrorAsync(new { type, room = "$all", payload = new { } });

            Assert.Equal("forbidden", error.Text("code"));
        }
    }
}
