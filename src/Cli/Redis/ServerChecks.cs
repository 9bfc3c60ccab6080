using System.Globalization;
using Fanout.Cli.Doctor;

namespace Fanout.Cli.Redis;

/// <summary>What INFO tells.</summary>
internal sealed class ServerChecks(Findings findings, RedisInfo info)
{
    private const string Area = RedisDoctor.Area;

    // Streams with ids of one's own, XINFO, functions of scripts: what is tried (docs/operations.md).
    private static readonly Version Oldest = new(7, 0);

    /// <returns>Whether it is of a kind that nodes can use at all; else the rest would be noise.</returns>
    public bool Kind()
    {
        var mode = info["redis_mode"];
        if (mode == "sentinel")
        {
            findings.Fail(Area, "kind", "this is a Sentinel, not a server", "Name the servers, or use the Sentinel form with serviceName=...; that one is not tested.");
            return false;
        }

        if (mode == "cluster" || info["cluster_enabled"] == "1")
        {
            findings.Fail(Area, "kind", "Redis Cluster", "Not supported: use one server, or one primary with replicas.");
            return false;
        }

        if (info["role"] == "slave")
        {
            findings.Fail(Area, "kind", $"a replica of {info["master_host"]}:{info["master_port"]}", "It takes no writes: name the primary.");
            return false;
        }

        findings.Ok(Area, "kind", "a primary, no cluster");
        var text = info["redis_version"] ?? "";
        var name = info["valkey_version"] is { } valkey ? $"{text} (Valkey {valkey})" : text;
        if (!Version.TryParse(text, out var version))
            findings.Warn(Area, "version", $"'{text}'", "Not a version that is known; 7.0 or later is needed.");
        else if (version < Oldest)
            findings.Fail(Area, "version", name, $"Redis {Oldest} or later is needed.");
        else
            findings.Ok(Area, "version", name);
        if (info.Number("loading") == 1)
            findings.Fail(Area, "loading", "it is still reading its data from disk", "Wait; it refuses commands meanwhile.");
        return true;
    }

    public void Memory()
    {
        // CONFIG may be forbidden; INFO knows it too.
        var policy = info["maxmemory_policy"];
        if (policy == "noeviction")
            findings.Ok(Area, "eviction", "noeviction");
        else
            findings.Fail(Area, "eviction", $"maxmemory-policy is {policy ?? "unknown"}", "It takes rooms' positions, members and leases away one key at a time. CONFIG SET maxmemory-policy noeviction, and in redis.conf.");
        if (info.Number("evicted_keys") is > 0 and var evicted)
            findings.Warn(Area, "eviction", string.Create(CultureInfo.InvariantCulture, $"{evicted} keys were evicted since its start"), "If some were Fanout's, rooms began new epochs and members were lost.");

        var (used, limit) = (info.Number("used_memory"), info.Number("maxmemory"));
        if (limit == 0)
        {
            findings.Warn(Area, "memory", $"{Megabytes(used)} used, without a limit", "The kernel decides when it is enough, and kills Redis. Set maxmemory to some 60 % of what the machine has.");
            return;
        }

        var percent = used * 100 / limit;
        var text = $"{Megabytes(used)} of {Megabytes(limit)} used ({percent} %)";
        if (percent >= 95)
            findings.Fail(Area, "memory", text, "Full: writes are refused, and publishes answer backplane_unavailable. More memory, or less history.");
        else if (percent >= 80)
            findings.Warn(Area, "memory", text, "Soon full; then publishes are refused. More memory, or less history (HistorySize, HistoryTtl).");
        else
            findings.Ok(Area, "memory", text);
    }

    public void Persistence()
    {
        var append = info.Number("aof_enabled") == 1;
        if (append && info["aof_last_write_status"] is { } write and not "ok")
            findings.Fail(Area, "persistence", $"the append-only file cannot be written: {write}", "Redis refuses writes until it can. Is the disk full?");
        else if (append && info["aof_last_bgrewrite_status"] is { } rewrite and not "ok")
            findings.Warn(Area, "persistence", $"the last rewrite of the append-only file failed: {rewrite}", "The file grows. Is there disk for a second copy, and memory for a fork (vm.overcommit_memory=1)?");
        else if (append)
            findings.Ok(Area, "persistence", "append-only file");
        else if (info["rdb_last_bgsave_status"] is { } save and not "ok")
            findings.Fail(Area, "persistence", $"the last snapshot failed: {save}", "With stop-writes-on-bgsave-error, which is the default, Redis refuses writes. Is the disk full?");
        else
            findings.Warn(Area, "persistence", "no append-only file", "A restart loses histories and members of the last minutes, or all; clients are told so. appendonly yes keeps them.");
    }

    public void Replicas()
    {
        var replicas = info.Lists("slave").ToList();
        var wanted = int.TryParse(Environment.GetEnvironmentVariable("Fanout__Redis__MinReplicas"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var online = replicas.Count(replica => replica.GetValueOrDefault("state") == "online");
        if (online < wanted)
            findings.Fail(Area, "replicas", $"{online} online, {wanted} wanted", "Publishes to rooms with history end in `timeout` until so many are there (Fanout:Redis:MinReplicas).");
        else if (online < replicas.Count)
            findings.Warn(Area, "replicas", $"{online} of {replicas.Count} online", "The others are copying, or cannot keep up.");
        else
            findings.Ok(Area, "replicas", online == 0 ? "none" : $"{online} online");
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:#,0.#} MiB");
}
