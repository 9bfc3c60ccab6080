using System.Globalization;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.Chaos.Cluster;

/// <summary>
/// One place in the fleet: the node that runs there now, and the link between it and Redis, which outlives the node. Every start has a name
/// of its own, so that ids tell which start they belong to.
/// </summary>
internal sealed class NodeSlot(int number, FaultProxy redisLink, NodeOptions options) : IAsyncDisposable
{
    private readonly List<string> _errors = [];
    private int _starts;
    private volatile NodeProcess? _node;
    private volatile string _name = "";

    public FaultProxy RedisLink { get; } = redisLink;

    public string Name => _name;

    public NodeProcess Node => _node ?? throw new InvalidOperationException($"Slot {number} has no node");

    public Uri BaseUri { get; private set; } = null!;

    /// <summary>Log lines at the level Error, of all nodes that ran here.</summary>
    public IReadOnlyList<string> Errors => [.. _errors, .. _node?.Errors ?? []];

    public async Task StartAsync()
    {
        _starts++;
        var name = string.Create(CultureInfo.InvariantCulture, $"n{number}.{_starts}");
        var node = await NodeProcess.StartAsync(options.With(
            ("Fanout:Node:Name", name), ("Fanout:Redis:ConnectionString", RedisLink.EndPoint)));
        (BaseUri, _name, _node) = (node.BaseUri, name, node);
    }

    /// <summary>Takes the old node's place with a new one, whether it was killed or has drained.</summary>
    public async Task ReplaceAsync()
    {
        var old = Node;
        _errors.AddRange(old.Errors);
        await old.DisposeAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is { } node)
            await node.DisposeAsync();
        await RedisLink.DisposeAsync();
    }
}
