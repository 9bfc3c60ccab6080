using System.Diagnostics;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Monitoring;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

/// <summary>The files that operators are given fit one another. That they fit the nodes is for <see cref="PrometheusTests"/>.</summary>
public sealed class DeployedFilesTests
{
    [Fact]
    public void EachAlert_HasARunbook_ThatExists()
    {
        Assert.NotEmpty(Deployed.Alerts);
        Assert.Equal(Deployed.Alerts.Select(alert => alert.ToLowerInvariant()), Deployed.Runbooks);
        Assert.All(Deployed.Runbooks, anchor => Assert.Contains(anchor, Deployed.Anchors));
    }

    [Fact]
    public void RulesAndDashboards_NameOnlyMetrics_ThatAreDocumented()
    {
        var named = Deployed.MetricsIn(Deployed.Rules).Concat(Deployed.Queries.SelectMany(query => Deployed.MetricsIn(query.Expression))).ToHashSet();

        Assert.Empty(named.Except(Deployed.DocumentedMetrics));
    }

    [Fact]
    public void Dashboards_AreWholeAndNamedOnce()
    {
        var dashboards = Deployed.Dashboards.ToList();

        Assert.Equal(6, dashboards.Count);
        Assert.Equal(dashboards.Count, dashboards.Select(dashboard => (string)dashboard.Dashboard["uid"]!).Distinct().Count());
        foreach (var (file, dashboard) in dashboards)
        {
            Assert.Equal(file, (string)dashboard["uid"]! + ".json");
            Assert.NotEmpty((string)dashboard["title"]!);
            Assert.True((int)dashboard["schemaVersion"]! >= 36);
            var panels = ((JsonArray)dashboard["panels"]!).ToList();
            Assert.Equal(panels.Count, panels.Select(panel => (int)panel!["id"]!).Distinct().Count());
            Assert.Equal(panels.Count, panels.Select(panel => (string)panel!["title"]!).Distinct().Count());
            var taken = new HashSet<(int X, int Y)>();
            foreach (var panel in panels)
            {
                Assert.Equal("fanout-prometheus", (string)panel!["datasource"]!["uid"]!);
                var (x, y, w, h) = ((int)panel["gridPos"]!["x"]!, (int)panel["gridPos"]!["y"]!, (int)panel["gridPos"]!["w"]!, (int)panel["gridPos"]!["h"]!);
                Assert.InRange(x + w, 1, 24);
                for (var column = x; column < x + w; column++)
                {
                    for (var row = y; row < y + h; row++)
                        Assert.True(taken.Add((column, row)), $"{file}: panel {panel["title"]} covers another");
                }

                foreach (var target in (JsonArray)panel["targets"]!)
                    Assert.Equal(("fanout-prometheus", false), ((string)target!["datasource"]!["uid"]!, string.IsNullOrWhiteSpace((string?)target["expr"])));
            }
        }
    }

    [Theory]
    [InlineData("check", "rules", "fanout.rules.yml")]
    [InlineData("test", "rules", "fanout.rules.test.yml")]
    [InlineData("check", "config", "prometheus.yml", "--syntax-only")]
    public async Task Promtool_FindsNothingWrong(string verb, string what, string file, string? option = null)
    {
        Assert.True(PrometheusServer.Promtool is not null, "promtool is not installed (Debian: apt-get install prometheus)");
        string[] arguments = option is null ? [verb, what, file] : [verb, what, option, file];
        using var promtool = Process.Start(new ProcessStartInfo(PrometheusServer.Promtool!, arguments)
        {
            WorkingDirectory = Path.GetDirectoryName(Deployed.RulesPath),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = await promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(promtool.ExitCode == 0, output);
    }
}
