using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary>The room that every connection of a user is in.</summary>
[Collection(TwoNodes.Name)]
public sealed class UserRoomTests(TwoNodes nodes)
{
    [Fact]
    public async Task UserRoom_IsJoinedByItself_OnEveryNode_AndByNobodyElse()
    {
        var user = Rooms.New("ann");
        await using var here = await ConnectAsync(nodes.First, user);
        await using var there = await ConnectAsync(nodes.Second, user);
        await using var other = await ConnectAsync(nodes.Second, Rooms.New("bob"));

        Assert.True((await nodes.First.Api.PublishAsync($"$user.{user}", "for you")).IsSuccess);

        foreach (var client in new[] { here, there })
        {
            Assert.Equal(user, client.UserId);
            Assert.Equal([$"$user.{user}"], client.Connected.Payload()["rooms"]!.AsArray().Select(room => (string)room!));
            Assert.Equal("for you", (await client.ExpectTypeAsync("message", $"$user.{user}")).Text("payload"));
        }

        await other.PingAsync();
        Assert.DoesNotContain(other.Received, message => message.Type == "message");
        Assert.Equal(2, (await nodes.Second.Api.RoomAsync($"$user.{user}")).Ok.Integer("members"));
    }

    // Bytes outside the room alphabet, and the escape's own sign, are written =HH.
    [Fact]
    public async Task UserRoom_OfAUserWithOddCharacters_HasThemEscaped()
    {
        await using var client = await nodes.First.ConnectAsync(new TestClientOptions { Token = Tokens.For("a=b c/ü@x") });

        await client.ExpectTypeAsync("joined", "$user.a=3Db=20c=2F=C3=BC@x");
    }

    [Fact]
    public async Task UserRoom_OfSomebodyElse_CannotBeJoined()
    {
        await using var client = await nodes.First.ConnectAsync(
            new TestClientOptions { Token = Tokens.For("ann", new { join = new[] { "*" } }) });

        var error = await client.RequestErrorAsync(new { type = "join", room = "$user.bob" });

        Assert.Equal("forbidden", error.Text("code"));
    }

    [Fact]
    public async Task UserRoom_WithoutAPublishGrant_IsForReadingOnly()
    {
        await using var client = await ConnectAsync(nodes.First, "ann");

        var error = await client.RequestErrorAsync(new { type = "publish", room = "$user.ann", payload = 1 });

        Assert.Equal("forbidden", error.Text("code"));
    }

    private static async Task<TestClient> ConnectAsync(RunningNode node, string user)
    {
        var client = await node.ConnectAsync(new TestClientOptions { Token = Tokens.For(user) });
        await client.ExpectTypeAsync("joined", $"$user.{user}");
        return client;
    }
}
