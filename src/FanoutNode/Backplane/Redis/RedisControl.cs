using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Orders by a channel that every node is always subscribed to.</summary>
internal sealed class RedisControl(RedisLink link, RedisKeys keys) : IControl
{
    public async ValueTask<long> SendAsync(byte[] order)
    {
        try
        {
            return await link.Database.PublishAsync(RedisChannel.Literal(keys.Control), order);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }
}
