using System.Globalization;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Revocations in a sorted set, by Redis's clock.</summary>
internal sealed class RedisRevocations(RedisLink link, RedisKeys keys) : IRevocations
{
    private static readonly RedisScript Revoke = RedisScript.Named("revoke");
    private static readonly RedisScript Revoked = RedisScript.Named("revoked");

    public async ValueTask AddAsync(string user, TimeSpan duration)
    {
        try
        {
            await Revoke.RunAsync(link.Database, [keys.Revoked], user, (long)duration.TotalMilliseconds);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask LiftAsync(string user)
    {
        try
        {
            await link.Database.SortedSetRemoveAsync(keys.Revoked, user);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    public async ValueTask<IReadOnlyList<Revocation>> ListAsync()
    {
        try
        {
            var reply = (string[])(await Revoked.RunAsync(link.Database, [keys.Revoked]))!;
            var now = Number(reply[0]);
            return [.. reply.Skip(1).Chunk(2).Select(pair => new Revocation(pair[0], TimeSpan.FromMilliseconds(Number(pair[1]) - now)))];
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            throw RedisFaults.Wrap(e);
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
