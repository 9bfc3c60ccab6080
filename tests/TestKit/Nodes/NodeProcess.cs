using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Fanout.Tests.TestKit.Processes;

namespace Fanout.Tests.TestKit.Nodes;

/// <summary>A node as a process of its own, so that a test can terminate, kill and pause it for real.</summary>
public sealed partial class NodeProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false });

    private readonly ChildProcess _process;

    private NodeProcess(ChildProcess process, NodeOptions options) => (_process, Options) = (process, options);

    public NodeOptions Options { get; }

    public int ProcessId => _process.Id;

    /// <summary>Where clients connect.</summary>
    public Uri BaseUri { get; private set; } = null!;

    /// <summary>Where API, health and metrics are: <see cref="BaseUri"/>, or the port in Fanout:Admin:Port.</summary>
    public Uri AdminUri { get; private set; } = null!;

    public bool HasExited => _process.HasExited;

    /// <summary>The lines that the node wrote to stdout and stderr, the oldest dropped first.</summary>
    public IReadOnlyList<string> Logs => _process.Log.Lines();

    /// <summary>Those of <see cref="Logs"/> that tell an error or worse: a time, then "fail:" or "crit:".</summary>
    public IEnumerable<string> Errors => Logs.Where(line => ErrorLine().IsMatch(line));

    /// <summary>The last of <see cref="Logs"/> as text; fits the context parameter of <see cref="Deadlines"/>.</summary>
    public string LogTail() => _process.Log.Tail();

    /// <exception cref="NodeStartException">The node ended instead, or was not ready in time; it has the logs.</exception>
    public static async Task<NodeProcess> StartAsync(NodeOptions? options = null)
    {
        options ??= new NodeOptions();
        var dll = Path.Combine(AppContext.BaseDirectory, "FanoutNode.dll");
        // dotnet test says with which host it runs; the PATH's one serves everybody else.
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var info = new ProcessStartInfo(dotnet, [dll]) { WorkingDirectory = AppContext.BaseDirectory };
        NodeEnvironment.Apply(options, info);

        var node = new NodeProcess(ChildProcess.Start(info), options);
        try
        {
            await node.OrExitAsync(node.ListenAsync(), "listen");
            if (options.WaitUntilReady)
                await node.OrExitAsync(node.WaitUntilReadyAsync(options.Deadline), "be ready");
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>What /healthz/ready answers now; null when nobody answers.</summary>
    public async Task<HttpStatusCode?> ReadinessAsync()
    {
        try
        {
            using var response = await Http.GetAsync(new Uri(AdminUri, "/healthz/ready")).WithDeadline("an answer of /healthz/ready");
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public Task WaitUntilReadyAsync(TimeSpan? deadline = null) => WaitForReadinessAsync(HttpStatusCode.OK, deadline);

    public Task WaitForReadinessAsync(HttpStatusCode wanted, TimeSpan? deadline = null) =>
        Eventually.ValueAsync(
            ReadinessAsync, status => status == wanted, $"{(int)wanted} from /healthz/ready of node {ProcessId}", deadline, LogTail);

    /// <summary>The first log line, old or new, that contains the text.</summary>
    public Task<string> WaitForLogAsync(string text, TimeSpan? deadline = null) =>
        _process.Log.LineAsync(line => line.Contains(text, StringComparison.Ordinal))
            .WithDeadline($"\"{text}\" in the log of node {ProcessId}", deadline, LogTail);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task ListenAsync()
    {
        var adminPort = int.Parse(Options.Settings.GetValueOrDefault("Fanout:Admin:Port") ?? "0", CultureInfo.InvariantCulture);
        var line = await _process.Log.LineAsync(line => ListeningUri(line) is { } uri && uri.Port != adminPort);
        BaseUri = ListeningUri(line)!;
        AdminUri = adminPort == 0 ? BaseUri : new UriBuilder("http", "127.0.0.1", adminPort).Uri;
    }

    private async Task OrExitAsync(Task step, string verb)
    {
        var exit = _process.ExitAsync();
        try
        {
            var first = await Task.WhenAny(step, exit).WithDeadline($"the node to {verb}", Options.Deadline);
            if (first == step)
                await step;
        }
        catch (TimeoutException e)
        {
            throw new NodeStartException(e.Message.Split('\n')[0].Trim(), exitCode: null, AllLogs());
        }

        if (!step.IsCompletedSuccessfully)
            throw new NodeStartException($"The node ended with code {await exit} before it could {verb}", await exit, AllLogs());
    }

    private string AllLogs() => string.Join(Environment.NewLine, Logs);

    private static Uri? ListeningUri(string line) =>
        ListeningLine().Match(line) is { Success: true } match ? new Uri(match.Groups[1].Value) : null;

    [GeneratedRegex(@"^\S+ (fail|crit): ")]
    private static partial Regex ErrorLine();

    [GeneratedRegex(@"Now listening on: (https?://[^\s""]+)")]
    private static partial Regex ListeningLine();
}
