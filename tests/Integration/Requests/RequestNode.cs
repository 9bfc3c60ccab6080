using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.BackEnds;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.Integration.Requests;

/// <summary>A node with one or two methods, and the back end behind them.</summary>
internal sealed class RequestNode : IAsyncDisposable
{
    public const string Secret = "a secret for the tests";

    private RequestNode(Receiver receiver, RunningNode node) => (Receiver, Node) = (receiver, node);

    public Receiver Receiver { get; }

    public RunningNode Node { get; }

    /// <summary>Methods <c>slow.*</c> and all others go to one receiver, by different entries.</summary>
    /// <param name="settings">More settings; those of the entry <c>*</c> are under <c>Fanout:Rpc:Methods:1</c>.</param>
    public static async Task<RequestNode> StartAsync(params (string Name, string? Value)[] settings)
    {
        var receiver = await Receiver.StartAsync();
        var options = new NodeOptions().With(
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
            ("Fanout:Limits:MessagesPerSecond", "0"),
            ("Fanout:Rpc:Secret", Secret),
            ("Fanout:Rpc:Methods:0:Pattern", "slow.*"),
            ("Fanout:Rpc:Methods:0:Url", receiver.Url + "slow"),
            ("Fanout:Rpc:Methods:0:Timeout", "00:00:15"),
            ("Fanout:Rpc:Methods:1:Pattern", "*"),
            ("Fanout:Rpc:Methods:1:Url", receiver.Url + "rest?tenant=7"),
            ("Fanout:Rpc:Methods:1:Timeout", "00:00:15"));
        return new RequestNode(receiver, await RunningNode.StartAsync(options.With(settings)));
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
