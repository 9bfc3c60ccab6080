using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Processes;

namespace Fanout.Tests.TestKit.Monitoring;

/// <summary>A Prometheus that belongs to one test: it scrapes what the test says, and evaluates rules, twice a second.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false });

    private readonly string _folder;
    private ChildProcess? _process;
    private Uri _uri = null!;

    private PrometheusServer(string folder) => _folder = folder;

    /// <summary>Full path of Prometheus' own tool; null where it is not installed.</summary>
    public static string? Promtool => Find("promtool");

    /// <param name="rules">The text of a rules file.</param>
    /// <param name="targets">Scraped as job "fanout".</param>
    public static async Task<PrometheusServer> StartAsync(string rules, params Uri[] targets)
    {
        var binary = Find("prometheus") ?? throw new InvalidOperationException("No prometheus on the PATH (Debian: apt-get install prometheus).");
        var server = new PrometheusServer(Directory.CreateTempSubdirectory("fanout-prometheus-").FullName);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(server._folder, "rules.yml"), rules);
            await File.WriteAllTextAsync(
                Path.Combine(server._folder, "prometheus.yml"),
                $$"""
                global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
                rule_files: [rules.yml]
                scrape_configs:
                  - job_name: fanout
                    static_configs: [{targets: [{{string.Join(", ", targets.Select(target => $"'{target.Authority}'"))}}]}]
                """);
            await server.StartOnFreePortAsync(binary);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The series that a query finds now. One that cannot be parsed throws, with Prometheus' words.</summary>
    public async Task<JsonArray> QueryAsync(string query) =>
        (JsonArray)(await GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(query)))["result"]!;

    /// <summary>Names of the alerts that fire now.</summary>
    public async Task<IReadOnlySet<string>> FiringAsync() =>
        ((JsonArray)(await GetAsync("/api/v1/alerts"))["alerts"]!)
            .Where(alert => (string?)alert!["state"] == "firing")
            .Select(alert => (string)alert!["labels"]!["alertname"]!)
            .ToHashSet();

    /// <summary>Names of the alerts that have fired at any time.</summary>
    public async Task<IReadOnlySet<string>> EverFiredAsync() =>
        (await QueryAsync("count by (alertname) (count_over_time(ALERTS{alertstate=\"firing\"}[1h]))")).Select(series => (string)series!["metric"]!["alertname"]!).ToHashSet();

    public string LogTail() => _process?.Log.Tail() ?? "(not started)";

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
            await process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    // It does not say which port it got where it may choose one.
    private async Task StartOnFreePortAsync(string binary)
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            _uri = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
            var process = _process = ChildProcess.Start(new ProcessStartInfo(
                binary, ["--config.file=prometheus.yml", "--storage.tsdb.path=data", $"--web.listen-address=127.0.0.1:{port}"])
            { WorkingDirectory = _folder });
            var ready = process.Log.LineAsync(line => line.Contains("Server is ready to receive web requests", StringComparison.Ordinal));
            await Task.WhenAny(ready, process.ExitAsync()).WithDeadline("Prometheus to be ready", TimeSpan.FromSeconds(60), LogTail);
            if (ready.IsCompleted)
                return;
            if (attempt == 10 || !LogTail().Contains("in use", StringComparison.Ordinal))
                throw new InvalidOperationException($"Prometheus did not start:{Environment.NewLine}{LogTail()}");
            await process.DisposeAsync();
        }
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(_uri, path)).WithDeadline("an answer of Prometheus", context: LogTail);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        return (string?)answer["status"] == "success" ? answer["data"]! : throw new InvalidOperationException($"{path}: {answer["error"]}");
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
