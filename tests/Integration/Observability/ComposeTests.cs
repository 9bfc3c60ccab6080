using System.Diagnostics;
using Fanout.Tests.TestKit;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Fanout.Tests.Integration.Observability;

/// <summary>
/// The compose stack's profile observability, as far as it can be seen without its images: the files of the collector, Prometheus and Grafana parse, and
/// name one another and the stack's services rightly.
/// </summary>
public sealed class ComposeTests
{
    private static readonly YamlMappingNode Compose = Read("docker-compose.yml");
    private static readonly string[] Profile = ["collector", "grafana", "jaeger", "prometheus"];

    [Fact]
    public void Profile_HasItsServices_OnTheLoopbackAlone()
    {
        var services = Map(Compose, "services").Children.Where(service => Find(service.Value, "profiles") is YamlSequenceNode profiles && profiles.Children.Select(Text).Contains("observability")).ToList();

        Assert.Equal(Profile, services.Select(service => Text(service.Key)).Order());
        Assert.All(services.SelectMany(service => List(service.Value, "ports")), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        // A version, not whatever is newest.
        Assert.All(services, service => Assert.Matches(@"^[\w./-]+:v?\d+\.\d+\.\d+$", Text(Find(service.Value, "image")!)));
        Assert.All(services.SelectMany(service => List(service.Value, "volumes")).Where(volume => volume.StartsWith('.')), volume => Assert.True(Path.Exists(Deployed.PathOf(volume.Split(':')[0])), volume));
    }

    [Fact]
    public void Collector_SendsOn_WhatTheNodesSend()
    {
        var config = Read("deploy", "collector", "collector.yaml");
        foreach (var (_, pipeline) in Map(config, "service", "pipelines").Children)
        {
            foreach (var kind in new[] { "receivers", "processors", "exporters" })
            {
                Assert.NotEmpty(List(pipeline, kind));
                Assert.All(List(pipeline, kind), name => Assert.True(Map(config, kind).Children.ContainsKey(name), $"{kind}: {name} is not defined"));
            }

            // Its documentation asks for it to stand first.
            Assert.Equal("memory_limiter", List(pipeline, "processors")[0]);
        }

        var takes = new Uri("http://" + Text(Find(Map(config, "receivers", "otlp", "protocols", "http"), "endpoint")!));
        var sends = new Uri(Text(Find(Map(config, "exporters", "otlphttp/jaeger"), "endpoint")!));
        Assert.Equal("0.0.0.0", takes.Host);
        Assert.Contains($"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:{takes.Port} ", File.ReadAllText(Deployed.PathOf("docker-compose.yml")), StringComparison.Ordinal);
        Assert.Contains($"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:{takes.Port} ", File.ReadAllText(Deployed.PathOf("README.md")), StringComparison.Ordinal);
        // Jaeger's port for OTLP over HTTP, which it opens where the variable says so.
        Assert.Equal(("jaeger", 4318), (sends.Host, sends.Port));
        Assert.Equal("true", Text(Find(Map(Compose, "services", "jaeger", "environment"), "COLLECTOR_OTLP_ENABLED")!));
    }

    [Fact]
    public void Prometheus_ScrapesTheStacksServices_AndReadsTheRules()
    {
        var config = Read("deploy", "prometheus", "prometheus.yml");
        var collector = (YamlMappingNode)((YamlSequenceNode)Find(Map(Read("deploy", "collector", "collector.yaml"), "service", "telemetry", "metrics"), "readers")!)[0];
        var own = Text(Find(Map(collector, "pull", "exporter", "prometheus"), "port")!);

        var targets = ((YamlSequenceNode)Find(config, "scrape_configs")!).SelectMany(job => ((YamlSequenceNode)Find(job, "static_configs")!).SelectMany(group => List(group, "targets"))).ToList();

        Assert.Equal(["collector:" + own, "node1:8080", "node2:8080", "node3:8080"], targets.Order());
        Assert.All(targets, target => Assert.True(Map(Compose, "services").Children.ContainsKey(target.Split(':')[0]), target));
        Assert.All(List(config, "rule_files"), file => Assert.True(File.Exists(Deployed.PathOf("deploy", "prometheus", file)), file));
    }

    [Fact]
    public void Grafana_IsGivenItsSourcesAndDashboards()
    {
        var sources = (YamlSequenceNode)Find(Read("deploy", "grafana", "provisioning", "datasources", "fanout.yaml"), "datasources")!;
        var provider = ((YamlSequenceNode)Find(Read("deploy", "grafana", "provisioning", "dashboards", "fanout.yaml"), "providers")!)[0];
        var volumes = List(Map(Compose, "services", "grafana"), "volumes").ToDictionary(volume => volume.Split(':')[1], volume => volume.Split(':')[0]);

        Assert.Equal(["fanout-jaeger", "fanout-prometheus"], sources.Select(source => Text(Find(source, "uid")!)).Order());
        foreach (var source in sources)
        {
            var url = new Uri(Text(Find(source, "url")!));
            Assert.Contains(url.Host, Profile);
            Assert.Contains(List(Map(Compose, "services", url.Host), "ports"), port => port.EndsWith($":{url.Port}", StringComparison.Ordinal));
        }

        var folder = Text(Find(Map(provider, "options"), "path")!);
        Assert.Equal("./deploy/grafana/dashboards", volumes[folder]);
        Assert.Equal("./deploy/grafana/provisioning", volumes["/etc/grafana/provisioning"]);
        var home = Text(Find(Map(Compose, "services", "grafana", "environment"), "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH")!);
        Assert.Contains(Deployed.Dashboards, dashboard => $"{folder}/{dashboard.File}" == home);
    }

    [Fact]
    public async Task Profile_IsTakenByCompose()
    {
        var program = Tools().FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "neither docker-compose nor docker's plugin compose is installed");
        string[] arguments = ["--file", Deployed.PathOf("docker-compose.yml"), "--profile", "observability", "config"];
        using var compose = Process.Start(new ProcessStartInfo(program!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Deployed.PathOf() })!;
        var errors = compose.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await compose.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WithDeadline("docker-compose config", TimeSpan.FromSeconds(60));
        await compose.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(compose.ExitCode == 0, await errors);
        var config = Parse(output);
        Assert.Equal(["collector", "grafana", "jaeger", "node1", "node2", "node3", "prometheus", "proxy", "redis"], Map(config, "services").Children.Keys.Select(Text).Order());
    }

    private static IEnumerable<string> Tools()
    {
        // The plugin is a program of its own as well.
        string[] plugins = ["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(plugins).Select(folder => Path.Combine(folder, "docker-compose"));
    }

    private static YamlMappingNode Read(params string[] path) => Parse(File.ReadAllText(Deployed.PathOf(path)));

    private static YamlMappingNode Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static YamlMappingNode Map(YamlNode node, params string[] path) =>
        (YamlMappingNode)path.Aggregate(node, (at, key) => Find(at, key) ?? throw new KeyNotFoundException($"{string.Join('.', path)}: there is no {key}"));

    private static YamlNode? Find(YamlNode node, string key) => ((YamlMappingNode)node).Children.TryGetValue(key, out var found) ? found : null;

    private static IReadOnlyList<string> List(YamlNode node, string key) => Find(node, key) is YamlSequenceNode list ? [.. list.Children.Select(Text)] : [];

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;
}
