using Fanout.Node.Hosting.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Xunit;

namespace Fanout.Tests.Unit.Hosting;

public sealed class SettingsTests
{
    // A name in the docs that is not bound would do nothing, in silence.
    [Fact]
    public void Settings_AreReadByTheirNames()
    {
        var settings = Load(
            ("Fanout:Node:Name", "n1"), ("Fanout:Redis:Prefix", "p:"), ("Fanout:Limits:MaxMessageBytes", "2048"), ("Fanout:Limits:HandshakeTimeout", "00:00:03"),
            ("Fanout:Heartbeat:Interval", "00:00:05"), ("Fanout:Lease:Expire", "00:01:00"), ("Fanout:Health:NotReadyAfter", "00:00:07"),
            ("Fanout:Presence:LeaveDelay", "00:00:02"), ("Fanout:Drain:Window", "00:00:04"), ("Fanout:Rooms:0:Pattern", "a*"), ("Fanout:Rooms:0:HistorySize", "9"),
            ("Fanout:Rooms:1:Pattern", "*"), ("Fanout:Rooms:1:Overflow", "Latest"), ("Fanout:Auth:AllowedOrigins:0", "https://a.example"),
            ("Fanout:Auth:DefaultGrants:Join:0", "chat.*"), ("Fanout:Sse:RetryDelay", "00:00:06"));

        Assert.Equal(("n1", "p:", 2048), (settings.Node.Name, settings.Redis.Prefix, settings.Limits.MaxMessageBytes));
        Assert.Equal(
            [3, 5, 60, 7, 2, 4, 6],
            new[]
            {
                settings.Limits.HandshakeTimeout, settings.Heartbeat.Interval, settings.Lease.Expire, settings.Health.NotReadyAfter,
                settings.Presence.LeaveDelay, settings.Drain.Window, settings.Sse.RetryDelay,
            }.Select(duration => duration.TotalSeconds));
        Assert.Equal([("a*", 9, "Disconnect"), ("*", 256, "Latest")], settings.Rooms.Select(room => (room.Pattern, room.HistorySize, room.Overflow.ToString())));
        Assert.Equal(["https://a.example"], settings.Auth.AllowedOrigins);
        Assert.Equal(["chat.*"], settings.Auth.DefaultGrants.Join);
    }

    [Fact]
    public void Defaults_AreThoseOfTheDesign()
    {
        var settings = Load();

        Assert.Equal((1024 * 1024, 100, 200, 100), (
            settings.Limits.MaxMessageBytes, settings.Limits.MessagesPerSecond, settings.Limits.MessageBurst, settings.Limits.MaxRoomsPerConnection));
        Assert.Equal(1024 * 1024, settings.Limits.MaxBacklogBytes);
        Assert.Equal((30, 45), (settings.Heartbeat.Interval.TotalSeconds, settings.Heartbeat.Timeout.TotalSeconds));
        Assert.Equal((5, 15), (settings.Lease.Renew.TotalSeconds, settings.Lease.Expire.TotalSeconds));
        Assert.Equal((15, 10), (settings.Health.NotReadyAfter.TotalSeconds, settings.Limits.HandshakeTimeout.TotalSeconds));
        Assert.Equal(("fanout:", null), (settings.Redis.Prefix, settings.Redis.ConnectionString));
        Assert.NotEmpty(settings.Node.Name!);
    }

    [Theory]
    [InlineData("Development", true)]
    [InlineData("Production", null)]
    public void Anonymous_IsLetInByDefault_InDevelopmentAlone(string environment, bool? allowed)
    {
        var load = () => SettingsLoader.Load(Configuration([]), new HostingEnvironment { EnvironmentName = environment });

        if (allowed is null)
            Assert.Contains("Nobody could connect", Assert.Throws<SettingsException>(load).Message, StringComparison.Ordinal);
        else
            Assert.Equal(allowed, load().Auth.AllowAnonymous);
    }

    // 0 switches a limit off; it is never wrong.
    [Theory]
    [InlineData("Fanout:Limits:MaxMessageBytes", "0")]
    [InlineData("Fanout:Limits:MessagesPerSecond", "0")]
    [InlineData("Fanout:Limits:BytesPerSecond", "0")]
    [InlineData("Fanout:Limits:MaxRoomsPerConnection", "0")]
    [InlineData("Fanout:Limits:MaxBacklogBytes", "0")]
    [InlineData("Fanout:Limits:MaxConnections", "0")]
    [InlineData("Fanout:Limits:MaxBatchBytes", "0")]
    [InlineData("Fanout:Limits:MaxApiBytesInFlight", "0")]
    [InlineData("Fanout:Users:LastSeenFor", "00:00:00")]
    [InlineData("Fanout:Heartbeat:Interval", "00:00:00")]
    [InlineData("Fanout:Heartbeat:Timeout", "00:00:00")]
    [InlineData("Fanout:Drain:Window", "00:00:00")]
    [InlineData("Fanout:Presence:LeaveDelay", "00:00:00")]
    public void Setting_OfZero_IsTaken(string name, string value) => Assert.NotNull(Load((name, value)));

    [Theory]
    [InlineData("Fanout:Limits:MaxMessageBytes", "1023")]
    [InlineData("Fanout:Limits:MaxMessageBytes", "-1")]
    [InlineData("Fanout:Limits:MaxMessageBytes", "100000000")]
    [InlineData("Fanout:Limits:MessageBurst", "-1")]
    [InlineData("Fanout:Limits:MaxBatchBytes", "1023")]
    [InlineData("Fanout:Limits:MaxApiBytesInFlight", "-1")]
    [InlineData("Fanout:Users:LastSeenFor", "-00:00:01")]
    [InlineData("Fanout:Limits:StallTimeout", "-00:00:01")]
    [InlineData("Fanout:Heartbeat:Interval", "-00:00:01")]
    [InlineData("Fanout:Heartbeat:Timeout", "00:00:30")]
    [InlineData("Fanout:Lease:Expire", "00:00:09.9")]
    [InlineData("Fanout:Health:ProbeInterval", "00:00:00")]
    [InlineData("Fanout:Drain:Deadline", "00:00:05")]
    [InlineData("Fanout:Sse:RetryDelay", "00:00:00")]
    [InlineData("Fanout:Lanes:Count", "1025")]
    [InlineData("Fanout:Lanes:InboxCapacity", "0")]
    [InlineData("Fanout:Redis:Prefix", "with space")]
    [InlineData("Fanout:Redis:MinReplicas", "-1")]
    [InlineData("Fanout:Node:Name", "a:b")]
    [InlineData("Fanout:Rooms:0:Pattern", "")]
    [InlineData("Fanout:Auth:DefaultGrants:Publish:0", "a b")]
    [InlineData("Fanout:Auth:Jwt:SigningKey", "too short")]
    [InlineData("Fanout:Auth:Jwt:PublicKeyPem", "none")]
    public void Setting_OutOfItsRange_IsNamed(string name, string value)
    {
        var error = Assert.Throws<SettingsException>(() => Load((name, value)));

        Assert.Contains(name.Replace(":0", "", StringComparison.Ordinal), Assert.Single(error.Problems).Replace(":0", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    // Without the time that leaving takes the drain would skip its parts without a word.
    [Theory]
    [InlineData("00:00:03", "00:00:05", "00:00:10", true)]
    [InlineData("00:00:03", "00:00:05", "00:00:09.9", false)]
    [InlineData("00:00:00", "00:00:00", "00:00:00.5", false)]
    [InlineData("00:00:00", "00:00:00", "00:00:02", true)]
    public void DrainDeadline_HasRoomForNoticeWindowAndLeaving(string notice, string window, string deadline, bool isRight)
    {
        var load = () => Load(("Fanout:Drain:Notice", notice), ("Fanout:Drain:Window", window), ("Fanout:Drain:Deadline", deadline));

        if (isRight)
            Assert.NotNull(load());
        else
            Assert.Contains("Fanout:Drain:Deadline", Assert.Single(Assert.Throws<SettingsException>(load).Problems), StringComparison.Ordinal);
    }

    // A password stands in it.
    [Fact]
    public void ConnectionString_ThatCannotBeRead_IsNotShown()
    {
        var error = Assert.Throws<SettingsException>(() => Load(("Fanout:Redis:ConnectionString", "redis:6379,password=secret,nonsense=1")));

        Assert.Contains("Fanout:Redis:ConnectionString", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    // The subscription connection would not have it: the node would hear nobody.
    [Fact]
    public void ConnectionString_WithAChannelPrefix_IsRefused_WithTheSettingToUse()
    {
        var error = Assert.Throws<SettingsException>(() => Load(("Fanout:Redis:ConnectionString", "redis:6379,channelPrefix=app:")));

        Assert.Contains("Fanout:Redis:Prefix", Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_ThatNobodyKnows_AreFound()
    {
        var unknown = SettingsLoader.Unknown(Configuration(
        [
            ("Fanout:Limits:MaxRoms", "1"), ("Fanout:limits:maxmessagebytes", "2048"), ("Fanout:Nod:Name", "x"), ("Fanout:Rooms:0:Pattern", "*"),
            ("Fanout:Api:Keys:0:Name", "n"), ("Other:Thing", "1"),
        ]));

        Assert.Equal(["Fanout:Limits:MaxRoms", "Fanout:Nod"], unknown.Order(StringComparer.Ordinal));
    }

    private static FanoutSettings Load(params (string Name, string Value)[] settings) => SettingsLoader.Load(
        Configuration([("Fanout:Auth:AllowAnonymous", "true"), .. settings]), new HostingEnvironment { EnvironmentName = Environments.Production });

    private static IConfiguration Configuration((string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();
}
