using System.Net;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Console;

/// <summary>A connection is found by its id, from whichever node one asks, whatever it is in.</summary>
[Collection(TwoNodes.Name)]
public sealed class ConnectionSearchTests(TwoNodes nodes)
{
    [Fact]
    public async Task Connection_InNoRoomOnAnotherNode_IsFound_AndLaterWithItsRooms()
    {
        await using var client = await nodes.Second.ConnectAsync();

        var found = (await FindAsync(client.ClientId)).Ok;
        Assert.Equal((client.ClientId, "second", 0), (found.Text("clientId"), found.Text("node"), found["roomCount"]!.GetValue<int>()));
        Assert.Empty(found["rooms"]!.AsArray());

        var (one, other) = (Rooms.New("b"), Rooms.New("a"));
        await client.JoinAsync(one);
        await client.JoinAsync(other);
        foreach (var node in (RunningNode[])[nodes.First, nodes.Second])
        {
            var later = (await FindAsync(client.ClientId, node)).Ok;
            Assert.Equal([other, one], later["rooms"]!.AsArray().Select(room => room!.GetValue<string>()));
            Assert.NotNull(later.Text("since"));
        }

        Assert.True((await nodes.First.Api.DisconnectAsync(client.ClientId)).IsSuccess);
        Assert.Equal(4503, (int?)(await client.WaitForCloseAsync()).Code);
        await Eventually.TrueAsync(async () => (await FindAsync(client.ClientId)).Status == HttpStatusCode.NotFound, "the connection to be forgotten");
    }

    [Fact]
    public async Task Connection_OfAUser_IsFoundWithIt_AndOperatorsRoomsAreLeftOut()
    {
        await using var ann = await nodes.Second.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });
        await ann.ExpectTypeAsync("joined", "$user.ann");
        Assert.Equal(("ann", 1), ((await FindAsync(ann.ClientId)).Ok.Text("userId"), (await FindAsync(ann.ClientId)).Ok["roomCount"]!.GetValue<int>()));

        await using var console = await ConsoleClient.ConnectAsync(nodes.Second.BaseUri, await ConsoleClient.TokenAsync(nodes.Second.BaseUri));
        await console.JoinAsync("$ops");
        Assert.Empty((await FindAsync(console.ClientId)).Ok["rooms"]!.AsArray());
    }

    [Theory]
    [InlineData("0000000000abcdefghjk")]
    [InlineData("nobody")]
    [InlineData("*")]
    public async Task Connection_ThatIsNot_IsNotFound(string id) => Assert.Equal(HttpStatusCode.NotFound, (await FindAsync(id)).Status);

    // Its node hangs. What Redis knows is told; of one that is in no room nobody can say that it is not there.
    [Fact]
    public async Task Connection_OfANodeThatHangs_IsFoundAsFarAsItIsKnown()
    {
        await using var member = await nodes.Second.JoinAsync(Rooms.New());
        await using var alone = await nodes.Second.ConnectAsync();
        nodes.Second.Process.Pause();
        JsonObject known;
        HttpStatusCode unknown;
        try
        {
            known = (await FindAsync(member.ClientId)).Ok;
            unknown = (await FindAsync(alone.ClientId)).Status;
        }
        finally
        {
            nodes.Second.Process.Resume();
        }

        // The others find it as it was.
        await nodes.Second.Process.WaitUntilReadyAsync();
        await alone.PingAsync();

        Assert.Equal(("second", null), (known.Text("node"), known["rooms"]));
        Assert.Equal(HttpStatusCode.GatewayTimeout, unknown);
    }

    private Task<TestKit.Api.ApiResponse> FindAsync(string id, RunningNode? node = null) =>
        (node ?? nodes.First).Api.GetAsync($"/api/v1/connections/{Uri.EscapeDataString(id)}");
}
