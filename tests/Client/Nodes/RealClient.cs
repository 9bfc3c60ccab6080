using Fanout.Client;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.Client.Nodes;

/// <summary>Clients of real nodes, which come back within milliseconds.</summary>
internal static class RealClient
{
    public static readonly FanoutClientOptions Quick = new() { MinDelay = TimeSpan.FromMilliseconds(50), MaxDelay = TimeSpan.FromMilliseconds(500) };

    public static async Task<FanoutClient> ConnectedAsync(Uri node, FanoutClientOptions? options = null)
    {
        var client = new FanoutClient((options ?? Quick) with { Url = node.ToString() });
        await client.ConnectAsync().WithDeadline("the connection");
        return client;
    }

    public static Task<FanoutClient> ConnectedAsync(NodeProcess node, FanoutFormat format = FanoutFormat.Json, string? token = null) =>
        ConnectedAsync(node.BaseUri, Quick with { Format = format, Token = token });
}
