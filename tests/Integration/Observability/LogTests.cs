using System.Globalization;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

public sealed class LogTests
{
    [Fact]
    public async Task JsonConsole_IsOneObjectALine_WithTheEventsFields()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Logging:Console:FormatterName", "json"), ("Logging:LogLevel:Fanout", "Debug")));
        await using (var client = await node.ConnectAsync())
        {
            var line = JsonNode.Parse(await node.Process.WaitForLogAsync("Opened " + client.ClientId))!;
            Assert.Equal((1000, "Debug", client.ClientId), ((int)line["EventId"]!, (string?)line["LogLevel"], (string?)line["State"]!["ClientId"]));
            Assert.EndsWith("Z", (string)line["Timestamp"]!, StringComparison.Ordinal);
            Assert.True(DateTimeOffset.TryParse((string)line["Timestamp"]!, CultureInfo.InvariantCulture, out _));
        }

        Assert.All(node.Process.Logs, line => Assert.IsType<JsonObject>(JsonNode.Parse(line)));
    }

    [Fact]
    public async Task SimpleConsole_IsOneLineAnEvent_WithTheTime()
    {
        await using var node = await RunningNode.StartAsync();

        Assert.All(node.Process.Logs, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (trce|dbug|info|warn|fail|crit): ", line));
    }
}
