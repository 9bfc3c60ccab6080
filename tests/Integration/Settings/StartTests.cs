using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Settings;

/// <summary>A node that cannot do what its settings say does not start, and says why.</summary>
public sealed class StartTests
{
    // EX_CONFIG of sysexits.h.
    private const int WrongConfiguration = 78;

    [Theory]
    [InlineData("Fanout:Limits:MaxMessageBytes", "12", "1024")]
    [InlineData("Fanout:Limits:MaxMessageBytes", "many", "Int32")]
    [InlineData("Fanout:Limits:MessagesPerSecond", "-1", "0")]
    [InlineData("Fanout:Limits:MaxConnections", "-5", "0")]
    [InlineData("Fanout:Heartbeat:Interval", "soon", "TimeSpan")]
    [InlineData("Fanout:Heartbeat:Timeout", "00:00:10", "Fanout:Heartbeat:Interval")]
    [InlineData("Fanout:Lease:Expire", "00:00:06", "Fanout:Lease:Renew")]
    [InlineData("Fanout:Drain:Deadline", "00:00:01", "Fanout:Drain:Window")]
    [InlineData("Fanout:Node:Name", "no/slashes", "letters")]
    [InlineData("Fanout:Redis:Prefix", "a{b}", "braces")]
    [InlineData("Fanout:Rooms:0:Pattern", "a room", "*")]
    [InlineData("Fanout:Rooms:0:HistorySize", "-1", "Pattern")]
    [InlineData("Fanout:Auth:AllowAnonymous", "perhaps", "Boolean")]
    public async Task Start_WithAWrongSetting_EndsWithALineThatNamesIt(string setting, string value, string wanted)
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(new NodeOptions().With((setting, value))));

        Assert.Equal(WrongConfiguration, error.ExitCode);
        var lines = error.Logs.Split('\n');
        Assert.Contains(lines, line => line.Contains(setting, StringComparison.Ordinal) && line.Contains($"'{value}'", StringComparison.Ordinal));
        Assert.Contains(wanted, error.Logs, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.Logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithAScopeThatDoesNotExist_NamesThoseThatDo()
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(
            () => NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Api:Keys:0:Scopes:1", "everything"))));

        Assert.Contains(error.Logs.Split('\n'), line => line.Contains("Fanout:Api:Keys:0:Scopes", StringComparison.Ordinal)
            && line.Contains("'everything'", StringComparison.Ordinal) && line.Contains("publish, read, admin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithSeveralWrongSettings_NamesAllOfThem()
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(new NodeOptions().With(
            ("Fanout:Limits:MessageBurst", "-1"), ("Fanout:Lease:Renew", "00:00:00"), ("Fanout:Lanes:Count", "-2"))));

        foreach (var setting in new[] { "Fanout:Limits:MessageBurst", "Fanout:Lease:Renew", "Fanout:Lanes:Count" })
            Assert.Contains(setting, error.Logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OfANodeThatWouldAcceptNobody_IsRefused_AndSaysHowToFixIt()
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(
            () => NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Auth:AllowAnonymous", null))));

        Assert.Equal(WrongConfiguration, error.ExitCode);
        Assert.Contains("Fanout:Auth:AllowAnonymous", error.Logs, StringComparison.Ordinal);
        Assert.Contains("Fanout:Auth:Jwt:SigningKey", error.Logs, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fanout:Auth:Jwt:SigningKey", "short-secret", "32")]
    [InlineData("Fanout:Auth:Jwt:PublicKeyPem", "no-pem-at-all", "PEM")]
    [InlineData("Fanout:Api:Keys:0:Key", "tiny", "8")]
    public async Task Start_WithABadSecret_NamesTheSetting_ButNotTheSecret(string setting, string secret, string wanted)
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(new NodeOptions().With((setting, secret))));

        Assert.Equal(WrongConfiguration, error.ExitCode);
        Assert.Contains(error.Logs.Split('\n'), line => line.Contains(setting, StringComparison.Ordinal) && line.Contains(wanted, StringComparison.Ordinal));
        Assert.DoesNotContain(secret, error.Logs, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fanout:Limits:MaxRoms", "5")]
    [InlineData("Fanout:Limit:MaxRooms", "5")]
    public async Task Start_WithAnUnknownSetting_Warns_AndStarts(string setting, string value)
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With((setting, value)));

        var line = await node.Process.WaitForLogAsync(setting[..setting.LastIndexOf(':')]);
        Assert.Contains("not known", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnARedisCluster_EndsWithALineThatSaysWhatToUse()
    {
        await using var cluster = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--cluster-enabled", "yes"] });

        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(new NodeOptions().WithRedis(cluster.ConnectionString)));

        Assert.Equal(WrongConfiguration, error.ExitCode);
        Assert.Contains("fanout: Fanout:Redis:ConnectionString leads to a Redis Cluster", error.Logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_InDevelopment_LetsEverybodyIn()
    {
        await using var node = await RunningNode.StartAsync(
            new NodeOptions { EnvironmentName = "Development" }.With(("Fanout:Auth:AllowAnonymous", null)));

        await using var client = await node.JoinAsync(Rooms.New());
    }
}
