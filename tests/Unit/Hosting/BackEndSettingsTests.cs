using Fanout.Node.Hosting.Settings;
using Fanout.Node.Rpc;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Xunit;

namespace Fanout.Tests.Unit.Hosting;

/// <summary>Settings of requests to back ends, and of webhooks.</summary>
public sealed class BackEndSettingsTests
{
    private static readonly (string Name, string Value)[] Method = [("Fanout:Rpc:Methods:0:Pattern", "cart.*"), ("Fanout:Rpc:Methods:0:Url", "http://backend:9000/rpc")];

    private static readonly (string Name, string Value)[] Webhook =
        [("Fanout:Webhooks:0:Url", "https://backend/hook"), ("Fanout:Webhooks:0:Secret", "0123456789abcdef"), ("Fanout:Webhooks:0:Events:0", "room.occupied")];

    [Fact]
    public void Settings_AreReadByTheirNames()
    {
        var settings = Load([
            .. Method, .. Webhook, ("Fanout:Rpc:Methods:0:Timeout", "00:00:02"), ("Fanout:Rpc:Methods:0:Access", "Granted"), ("Fanout:Rpc:Secret", "fedcba9876543210"),
            ("Fanout:Webhooks:0:Rooms", "chat.*"), ("Fanout:Webhooks:0:BatchSize", "7"), ("Fanout:WebhookQueue:OfflineDelay", "00:00:09"),
        ]);

        var method = Assert.Single(settings.Rpc.Methods);
        Assert.Equal(("cart.*", 2d, RpcAccess.Granted, 100), (method.Pattern, method.Timeout.TotalSeconds, method.Access, method.MaxConcurrent));
        var webhook = Assert.Single(settings.Webhooks);
        Assert.Equal(("chat.*", 7, "room.occupied"), (webhook.Rooms, webhook.BatchSize, Assert.Single(webhook.Events)));
        Assert.Equal(9, settings.WebhookQueue.OfflineDelay.TotalSeconds);
    }

    [Theory]
    [InlineData("Fanout:Rpc:Methods:0:Url", "backend:9000?key=hidden")]
    [InlineData("Fanout:Rpc:Methods:0:Url", "http://user:hidden@backend/")]
    [InlineData("Fanout:Rpc:Methods:0:Url", "ftp://backend/")]
    [InlineData("Fanout:Rpc:Methods:0:Pattern", "")]
    [InlineData("Fanout:Rpc:Methods:0:Timeout", "00:00:00")]
    [InlineData("Fanout:Rpc:Methods:0:Timeout", "01:00:00")]
    [InlineData("Fanout:Rpc:Methods:0:MaxConcurrent", "-1")]
    [InlineData("Fanout:Rpc:Methods:0:MaxAnswerBytes", "0")]
    [InlineData("Fanout:Rpc:Methods:0:BreakAfter", "1")]
    [InlineData("Fanout:Rpc:Methods:0:BreakFor", "00:00:00.1")]
    [InlineData("Fanout:Rpc:Secret", "hidden")]
    [InlineData("Fanout:Rpc:MaxPerConnection", "-1")]
    [InlineData("Fanout:Webhooks:0:Url", "/hook")]
    [InlineData("Fanout:Webhooks:0:Secret", "hidden")]
    [InlineData("Fanout:Webhooks:0:Events:0", "room.full")]
    [InlineData("Fanout:Webhooks:0:Rooms", "no room")]
    [InlineData("Fanout:Webhooks:0:Name", "a b")]
    [InlineData("Fanout:Webhooks:0:BatchSize", "0")]
    [InlineData("Fanout:Webhooks:0:MaxAttempts", "0")]
    [InlineData("Fanout:Webhooks:0:LongestRetry", "00:00:00.5")]
    [InlineData("Fanout:WebhookQueue:MaxEvents", "1")]
    [InlineData("Fanout:WebhookQueue:VacatedDelay", "-00:00:01")]
    public void WrongValue_StopsTheStart_WithALineThatNamesIt(string name, string value)
    {
        var problem = Assert.Single(Assert.Throws<SettingsException>(() => Load([.. Method, .. Webhook, (name, value)])).Problems);

        Assert.StartsWith(name + " is '", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden@", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("key=hidden", problem, StringComparison.Ordinal);
    }

    // Two receivers of one name would share a place in the queue.
    [Fact]
    public void Receivers_NeedNamesOfTheirOwn()
    {
        (string Name, string Value)[] second = [.. Webhook.Select(setting => (setting.Name.Replace(":0:", ":1:", StringComparison.Ordinal), setting.Value)).Where(setting => !setting.Item1.EndsWith(":0", StringComparison.Ordinal)), ("Fanout:Webhooks:1:Events:0", "room.vacated")];

        Assert.StartsWith("Fanout:Webhooks:1:Name is 'url-", Assert.Single(Assert.Throws<SettingsException>(() => Load([.. Webhook, .. second])).Problems), StringComparison.Ordinal);
    }

    private static FanoutSettings Load((string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string?> { ["Fanout:Auth:AllowAnonymous"] = "true" };
        foreach (var (name, value) in settings)
            all[name] = value;
        return SettingsLoader.Load(new ConfigurationBuilder().AddInMemoryCollection(all).Build(), new HostingEnvironment { EnvironmentName = Environments.Production });
    }
}
