using System.Globalization;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Which nodes live, and what they tell of themselves.</summary>
internal sealed class RedisNodeDirectory(RedisLink link, RedisKeys keys, LeaseOptions lease) : INodeDirectory
{
    private static readonly RedisScript Alive = RedisScript.Named("nodes_alive");

    public async ValueTask<IReadOnlyList<NodeInfo>> ListAsync()
    {
        try
        {
            var ids = await AliveIdsAsync();
            var hashes = await Task.WhenAll(ids.Select(id => link.Database.HashGetAllAsync(keys.Node(id))));
            return [.. ids.Zip(hashes, Read).OrderBy(node => node.Name, StringComparer.Ordinal).ThenBy(node => node.Started)];
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask<RoomMember?> FindConnectionAsync(string clientId)
    {
        try
        {
            var ids = await AliveIdsAsync();
            var records = await Task.WhenAll(ids.Select(id => link.Database.HashGetAsync(keys.NodeClients(id), clientId)));
            for (var i = 0; i < records.Length; i++)
            {
                if (!records[i].IsNull)
                    return ClientRecord.Read(ids[i], clientId, records[i]);
            }

            return null;
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    /// <summary>The ids of nodes whose lease holds, in Redis's clock.</summary>
    public async Task<IReadOnlyList<string>> AliveIdsAsync()
    {
        var result = await Alive.RunAsync(link.Database, [keys.Nodes], (long)lease.Expire.TotalMilliseconds);
        return (string[])result!;
    }

    /// <summary>Writes what this node tells of itself.</summary>
    public Task WriteAsync(NodeInfo node) => link.Database.HashSetAsync(
        keys.Node(node.Id),
        [
            new HashEntry("name", node.Name),
            new HashEntry("version", node.Version),
            new HashEntry("started", node.Started.ToUnixTimeMilliseconds()),
            new HashEntry("connections", node.Connections),
            new HashEntry("rooms", node.Rooms),
            new HashEntry("backplane", node.Backplane),
            new HashEntry("draining", node.Draining ? 1 : 0),
        ]);

    private static NodeInfo Read(string id, HashEntry[] hash)
    {
        var fields = hash.ToDictionary(entry => entry.Name.ToString(), entry => entry.Value.ToString());
        return new NodeInfo(
            id,
            fields.GetValueOrDefault("name", id),
            fields.GetValueOrDefault("version", "?"),
            DateTimeOffset.FromUnixTimeMilliseconds(Number("started")),
            Number("connections"),
            Number("rooms"),
            fields.GetValueOrDefault("backplane", "degraded"),
            Number("draining") == 1);

        long Number(string name) =>
            long.TryParse(fields.GetValueOrDefault(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
