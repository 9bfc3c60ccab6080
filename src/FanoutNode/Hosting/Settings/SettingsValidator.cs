using System.Text;
using Fanout.Node.Api;
using Fanout.Node.Auth;
using Fanout.Node.Backplane;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Drain;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;
using StackExchange.Redis;

namespace Fanout.Node.Hosting.Settings;

/// <summary>What each setting must be, alone and beside the others.</summary>
internal static class SettingsValidator
{
    private const int SmallestMessageLimit = 1024;
    private const int LargestMessageLimit = 64 * 1024 * 1024;
    private const int SmallestSigningKeyBytes = 32;
    private const int ShortestApiKey = 8;

    public static void Check(FanoutSettings settings, SettingProblems problems)
    {
        problems.Check(
            NodeIdentity.IsValidName(settings.Node.Name!), "Fanout:Node:Name", settings.Node.Name, "1 to 64 letters, digits, dots, dashes or underscores");
        CheckRedis(settings, problems);
        CheckLimits(settings, problems);
        CheckTimes(settings, problems);
        for (var i = 0; i < settings.Rooms.Count; i++)
            CheckRoom(settings.Rooms[i], $"Fanout:Rooms:{i}", problems);
        CheckAuth(settings.Auth, problems);
        for (var i = 0; i < settings.Api.Keys.Count; i++)
            CheckApiKey(settings.Api.Keys[i], $"Fanout:Api:Keys:{i}", problems);
        CheckApiKeysDiffer(settings.Api.Keys, problems);
        BackEndsValidator.Check(settings, problems);
        for (var i = 0; i < settings.Proxies.Known.Count; i++)
            problems.Check(ClientAddress.Parse(settings.Proxies.Known[i]) is not null, $"Fanout:Proxies:Known:{i}", settings.Proxies.Known[i], "an address or a network such as 10.0.0.0/8");
        problems.NotNegative("Fanout:Compression:SmallestMessageBytes", settings.Compression.SmallestMessageBytes);
        problems.NotNegative("Fanout:Compression:InflatedBytesPerSecond", settings.Compression.InflatedBytesPerSecond);
        problems.NotNegative("Fanout:Tls:ReloadInterval", settings.Tls.ReloadInterval);
        problems.Check(
            settings.Testing.EchoMaxMessageBytes is >= SmallestMessageLimit and <= LargestMessageLimit,
            "Fanout:Testing:EchoMaxMessageBytes",
            settings.Testing.EchoMaxMessageBytes,
            $"{SmallestMessageLimit} to {LargestMessageLimit} bytes");
        problems.Check(settings.Telemetry.TraceRatio is >= 0 and <= 1, "Fanout:Telemetry:TraceRatio", settings.Telemetry.TraceRatio, "a part from 0 to 1, such as 0.01");
        problems.NotNegative("Fanout:Telemetry:ClientTracesPerSecond", settings.Telemetry.ClientTracesPerSecond);
        problems.NotNegative("Fanout:Telemetry:RedisInterval", settings.Telemetry.RedisInterval);
        problems.Check(settings.Admin.Port is >= 0 and <= 65535, "Fanout:Admin:Port", settings.Admin.Port, "a port from 1 to 65535, or 0 for none of its own");
    }

    private static void CheckRedis(FanoutSettings settings, SettingProblems problems)
    {
        var redis = settings.Redis;
        problems.Check(
            redis.Prefix.Length <= 64 && !redis.Prefix.AsSpan().ContainsAny("{} \r\n"), "Fanout:Redis:Prefix", redis.Prefix, "up to 64 characters without braces or spaces");
        problems.Check(redis.MinReplicas >= 0, "Fanout:Redis:MinReplicas", redis.MinReplicas, "a number from 0 on");
        problems.Positive("Fanout:Redis:CommandTimeout", redis.CommandTimeout);
        if (redis.ConnectionString is null)
            return;
        try
        {
            var parsed = ConfigurationOptions.Parse(redis.ConnectionString);
            problems.Check(parsed.EndPoints.Count > 0, "Fanout:Redis:ConnectionString", "", "a StackExchange.Redis connection string such as redis:6379");
            if (!parsed.ChannelPrefix.IsNullOrEmpty)
                problems.AddLine("Fanout:Redis:ConnectionString has a channelPrefix, which is not supported; set Fanout:Redis:Prefix, which begins keys and channels alike.");
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // Not shown: it may hold a password.
            problems.AddLine($"Fanout:Redis:ConnectionString cannot be read: {e.Message.ReplaceLineEndings(" ")} It must be one such as redis:6379,password=…");
        }
    }

    private static void CheckLimits(FanoutSettings settings, SettingProblems problems)
    {
        var limits = settings.Limits;
        problems.Check(
            limits.MaxMessageBytes is 0 or (>= SmallestMessageLimit and <= LargestMessageLimit),
            "Fanout:Limits:MaxMessageBytes",
            limits.MaxMessageBytes,
            $"{SmallestMessageLimit} to {LargestMessageLimit} bytes, or 0 for no limit");
        problems.NotNegative("Fanout:Limits:MessagesPerSecond", limits.MessagesPerSecond);
        problems.NotNegative("Fanout:Limits:MessageBurst", limits.MessageBurst);
        problems.NotNegative("Fanout:Limits:BytesPerSecond", limits.BytesPerSecond);
        problems.NotNegative("Fanout:Limits:MaxRoomsPerConnection", limits.MaxRoomsPerConnection);
        problems.NotNegative("Fanout:Limits:MaxBacklogBytes", limits.MaxBacklogBytes);
        problems.NotNegative("Fanout:Limits:MaxConnections", limits.MaxConnections);
        problems.NotNegative("Fanout:Limits:MaxConnectionsPerIp", limits.MaxConnectionsPerIp);
        problems.NotNegative("Fanout:Limits:MaxConnectionsPerUser", limits.MaxConnectionsPerUser);
        problems.NotNegative("Fanout:Limits:ConnectionsPerSecond", limits.ConnectionsPerSecond);
        problems.NotNegative("Fanout:Limits:MaxRooms", limits.MaxRooms);
        problems.Check(
            limits.MaxBatchBytes is 0 or (>= SmallestMessageLimit and <= LargestMessageLimit),
            "Fanout:Limits:MaxBatchBytes",
            limits.MaxBatchBytes,
            $"{SmallestMessageLimit} to {LargestMessageLimit} bytes, or 0 for no limit");
        problems.NotNegative("Fanout:Limits:MaxApiBytesInFlight", limits.MaxApiBytesInFlight);
        problems.NotNegative("Fanout:Limits:MaxHistoryBytes", limits.MaxHistoryBytes);
        problems.NotNegative("Fanout:Limits:HandshakeTimeout", limits.HandshakeTimeout);
        problems.Positive("Fanout:Limits:StallTimeout", limits.StallTimeout);
        problems.Check(settings.Lanes.Count is >= 0 and <= 1024, "Fanout:Lanes:Count", settings.Lanes.Count, "0 (one for each core) to 1024");
        problems.Check(settings.Lanes.InboxCapacity > 0, "Fanout:Lanes:InboxCapacity", settings.Lanes.InboxCapacity, "a number above 0");
    }

    private static void CheckTimes(FanoutSettings settings, SettingProblems problems)
    {
        var (heartbeat, lease, drain) = (settings.Heartbeat, settings.Lease, settings.Drain);
        problems.NotNegative("Fanout:Heartbeat:Interval", heartbeat.Interval);
        problems.NotNegative("Fanout:Heartbeat:Timeout", heartbeat.Timeout);
        if (heartbeat.Interval > TimeSpan.Zero && heartbeat.Timeout > TimeSpan.Zero)
            problems.Check(heartbeat.Timeout > heartbeat.Interval, "Fanout:Heartbeat:Timeout", heartbeat.Timeout, $"longer than Fanout:Heartbeat:Interval ({heartbeat.Interval})");
        problems.Positive("Fanout:Lease:Renew", lease.Renew);
        problems.Check(lease.Expire >= lease.Renew * 2, "Fanout:Lease:Expire", lease.Expire, $"at least twice Fanout:Lease:Renew ({lease.Renew})");
        problems.NotNegative("Fanout:Health:NotReadyAfter", settings.Health.NotReadyAfter);
        problems.Positive("Fanout:Health:CompareInterval", settings.Health.CompareInterval);
        problems.Positive("Fanout:Health:AuditInterval", settings.Health.AuditInterval);
        problems.Positive("Fanout:Health:ProbeInterval", settings.Health.ProbeInterval);
        problems.Positive("Fanout:Health:ProbeTimeout", settings.Health.ProbeTimeout);
        problems.NotNegative("Fanout:Presence:LeaveDelay", settings.Presence.LeaveDelay);
        problems.NotNegative("Fanout:Users:LastSeenFor", settings.Users.LastSeenFor);
        problems.Check(
            settings.Sse.RetryDelay >= TimeSpan.FromMilliseconds(100) && settings.Sse.RetryDelay <= TimeSpan.FromHours(1), "Fanout:Sse:RetryDelay", settings.Sse.RetryDelay, "00:00:00.1 to 01:00:00");
        problems.NotNegative("Fanout:Drain:Window", drain.Window);
        problems.NotNegative("Fanout:Drain:ClosesPerSecond", drain.ClosesPerSecond);
        problems.NotNegative("Fanout:Drain:Notice", drain.Notice!.Value);
        problems.Check(
            drain.Deadline >= drain.Notice.Value + drain.Window + DrainOptions.Reserve,
            "Fanout:Drain:Deadline",
            drain.Deadline,
            $"at least {DrainOptions.Reserve.TotalSeconds:0} seconds longer than Fanout:Drain:Notice ({drain.Notice}) and Fanout:Drain:Window ({drain.Window}) together");
    }

    private static void CheckRoom(RoomOptions room, string path, SettingProblems problems)
    {
        problems.Check(RoomPattern.IsValid(room.Pattern), path + ":Pattern", room.Pattern, "a room name in which * stands for any run of characters");
        problems.Check(room.HistorySize is >= 0 and <= 1_000_000, path + ":HistorySize", room.HistorySize, "0 to 1000000 messages");
        problems.NotNegative(path + ":HistoryTtl", room.HistoryTtl);
        problems.NotNegative(path + ":HistoryBytes", room.HistoryBytes);
    }

    private static void CheckAuth(AuthOptions auth, SettingProblems problems)
    {
        if (auth.AllowAnonymous != true && !auth.Jwt.IsConfigured)
        {
            problems.AddLine(
                "Nobody could connect: set Fanout:Auth:Jwt:SigningKey (or PublicKeyPem, or Authority) to take tokens, or Fanout:Auth:AllowAnonymous to true to let everybody in.");
        }

        if (auth.Jwt.SigningKey is { } key)
            problems.Check(Encoding.UTF8.GetByteCount(key) >= SmallestSigningKeyBytes, "Fanout:Auth:Jwt:SigningKey", "(hidden)", $"at least {SmallestSigningKeyBytes} bytes long");
        if (auth.Jwt.PublicKeyPem is { } pem)
            CheckPem(pem, problems);
        if (auth.Jwt.Authority is { } authority)
        {
            problems.Check(
                Uri.TryCreate(authority, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && !auth.Jwt.MustUseHttps)),
                "Fanout:Auth:Jwt:Authority",
                authority,
                "an https URL (http only on this machine, or with Fanout:Auth:Jwt:RequireHttpsMetadata=false)");
        }

        problems.NotNegative("Fanout:Auth:Jwt:ClockSkew", auth.Jwt.ClockSkew);
        problems.NotNegative("Fanout:Auth:RevokeFor", auth.RevokeFor);
        foreach (var (name, patterns) in new[] { ("Join", auth.DefaultGrants.Join), ("Publish", auth.DefaultGrants.Publish), ("Presence", auth.DefaultGrants.Presence) })
        {
            foreach (var pattern in patterns)
                problems.Check(RoomPattern.IsValid(pattern), $"Fanout:Auth:DefaultGrants:{name}", pattern, "a room pattern");
        }
    }

    private static void CheckPem(string pem, SettingProblems problems)
    {
        try
        {
            PublicKeys.FromPem(pem);
        }
        catch (ArgumentException)
        {
            problems.Add("Fanout:Auth:Jwt:PublicKeyPem", "(hidden)", "an RSA or EC public key in PEM");
        }
    }

    private static void CheckApiKeysDiffer(List<ApiKeyOptions> keys, SettingProblems problems)
    {
        for (var i = 1; i < keys.Count; i++)
        {
            problems.Check(keys.Take(i).All(other => other.Name != keys[i].Name), $"Fanout:Api:Keys:{i}:Name", keys[i].Name, "a name that no other key has: it owns idempotency keys");
            problems.Check(keys.Take(i).All(other => other.Key != keys[i].Key), $"Fanout:Api:Keys:{i}:Key", "(hidden)", "another key than the others");
        }
    }

    private static void CheckApiKey(ApiKeyOptions key, string path, SettingProblems problems)
    {
        problems.Check(key.Name.Length > 0, path + ":Name", key.Name, "a name for the caller");
        problems.Check(key.Key.Length >= ShortestApiKey, path + ":Key", "(hidden)", $"at least {ShortestApiKey} characters long");
        problems.Check(Encoding.UTF8.GetByteCount(key.Key) <= ApiKeys.LongestKeyBytes, path + ":Key", "(hidden)", $"at most {ApiKeys.LongestKeyBytes} bytes long");
        problems.Check(key.Scopes.Count > 0, path + ":Scopes", "", $"one or more of {string.Join(", ", ApiScope.All)}");
        foreach (var scope in key.Scopes)
            problems.Check(ApiScope.All.Contains(scope), path + ":Scopes", scope, $"one of {string.Join(", ", ApiScope.All)}");
    }
}
