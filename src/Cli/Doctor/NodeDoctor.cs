using System.Globalization;
using System.Net;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Doctor;

/// <summary>Checks a node through its public face: health, clock, what is open to whom, and what it says of the others.</summary>
internal sealed class NodeDoctor(Run run, Findings findings, IReadOnlyList<string> origins)
{
    private const string Area = "node";

    // The header Date has whole seconds; below two nothing can be said.
    private static readonly TimeSpan SkewToMention = TimeSpan.FromSeconds(2);

    // Beyond what nodes forgive by default (Fanout:Auth:Jwt:ClockSkew).
    private static readonly TimeSpan SkewThatHurts = TimeSpan.FromSeconds(30);

    /// <summary>1 does anybody answer -> 2 ready -> 3 clock -> 4 what strangers can reach -> 5 the key -> 6 the other nodes -> 7 sockets.</summary>
    public async Task CheckAsync()
    {
        findings.Begin(Area, run.Settings.Url.AbsoluteUri.TrimEnd('/'));
        // 1
        RawAnswer live;
        var began = run.Time.GetUtcNow();
        try
        {
            live = await run.Api.RawAsync(HttpMethod.Get, "/healthz/live", run.Stopped);
        }
        catch (CliException e) when (e.ExitCode == ExitCode.Unreachable)
        {
            findings.Fail(Area, "reachable", e.Message, e.Hint ?? "");
            return;
        }

        var took = run.Time.GetUtcNow() - began;
        if (live.Status == HttpStatusCode.OK)
        {
            findings.Ok(Area, "reachable", $"answers in {Durations.ToText(took)}");
            await CheckReadyAsync();
        }
        else if (live.Status == HttpStatusCode.NotFound)
        {
            findings.Skip(Area, "reachable", "answers, but health is not served here", "With Fanout:Admin:Port it is on that port: point --url there to see more.");
        }
        else
        {
            findings.Fail(Area, "reachable", $"/healthz/live answers {(int)live.Status}", "Is this a Fanout node, or a proxy that has none?");
            return;
        }

        CheckClock(live, began + (took / 2));
        CheckTls();
        await CheckMetricsAsync();
        var mayRead = await new KeyDoctor(run, findings).CheckAsync();
        if (mayRead)
            await CheckNodesAsync();
        await new SocketDoctor(run, findings, origins).CheckAsync();
    }

    private async Task CheckReadyAsync()
    {
        var answer = await run.Api.RawAsync(HttpMethod.Get, "/healthz/ready", run.Stopped);
        if (answer.Json() is not { ValueKind: JsonValueKind.Object } body)
        {
            findings.Fail(Area, "ready", $"/healthz/ready answers {(int)answer.Status} without a reason", "Is a proxy answering for the node?");
            return;
        }

        foreach (var check in body.Items("checks"))
        {
            var name = check.Text("name") ?? "?";
            var since = Cell.Ago(check.Text("since"), run.Time.GetUtcNow()).Text;
            var text = $"{name}: {check.Text("detail")}, since {since}";
            if (!check.Flag("ok"))
                findings.Fail(Area, "ready", text, AdviceFor(name));
            else if (check.Text("detail") == "degraded")
                findings.Warn(Area, "ready", text, "The node is still ready, for as long as Fanout:Health:NotReadyAfter allows. " + AdviceFor(name));
            else
                findings.Ok(Area, "ready", text);
        }
    }

    private static string AdviceFor(string check) => check switch
    {
        "backplane" => "The node cannot use its Redis: check that with --redis, and look for 12xx events in the node's log.",
        "drain" => "The node is going away and takes nobody in.",
        _ => "The node's log says more.",
    };

    private void CheckClock(RawAnswer answer, DateTimeOffset asked)
    {
        if (answer.Headers.Date is not { } date)
        {
            findings.Skip(Area, "clock", "the answer has no date");
            return;
        }

        // Cut to a second, so half of one is added.
        var skew = date + TimeSpan.FromSeconds(0.5) - asked;
        var text = $"{Durations.ToText(skew.Duration())} {(skew > TimeSpan.Zero ? "ahead of" : "behind")} this machine";
        if (skew.Duration() < SkewToMention)
            findings.Ok(Area, "clock", "agrees with this machine's, to the second");
        else if (skew.Duration() < SkewThatHurts)
            findings.Warn(Area, "clock", text, "One of the two does not keep time. Tokens begin and end by the node's clock.");
        else
            findings.Fail(Area, "clock", text, "Tokens will be refused or end early. Run NTP on both.");
    }

    private void CheckTls()
    {
        if (run.Settings.Url.Scheme == "https")
            findings.Ok(Area, "tls", run.Settings.Insecure ? "https, its certificate not checked (--insecure)" : "https, with a certificate that is trusted here");
        else if (run.Settings.IsLocal)
            findings.Ok(Area, "tls", "plain http, on this machine");
        else
            findings.Warn(Area, "tls", "plain http", "Tokens, keys and messages can be read on the way. Put TLS in front, or set up Kestrel's certificates.");
    }

    private async Task CheckMetricsAsync()
    {
        var answer = await run.Api.RawAsync(HttpMethod.Get, "/metrics", run.Stopped);
        if (answer.Status != HttpStatusCode.OK)
            findings.Ok(Area, "metrics", $"/metrics is not served here ({(int)answer.Status})");
        else if (run.Settings.IsLocal)
            findings.Ok(Area, "metrics", "/metrics is served here, on this machine");
        else
            findings.Warn(Area, "metrics", "/metrics is open to whoever reaches this port", "If strangers do, set Fanout:Admin:Port, or block /metrics and /api at the proxy.");
    }

    private async Task CheckNodesAsync()
    {
        JsonElement answer;
        try
        {
            answer = await run.Api.GetAsync("/api/v1/nodes", run.Stopped);
        }
        catch (CliException e)
        {
            findings.Fail(Area, "nodes", e.Message, e.Hint ?? "");
            return;
        }

        var nodes = answer.Items().ToList();
        var names = string.Join(", ", nodes.Select(node => node.Text("name")).Order(StringComparer.Ordinal));
        var connections = nodes.Sum(node => node.Number("connections") ?? 0);
        findings.Ok(Area, "nodes", string.Create(CultureInfo.InvariantCulture, $"{nodes.Count} ({names}) with {connections} connections"));
        Complain(nodes.Where(node => node.Text("backplane") != "healthy"), "is degraded by its own word", "That node cannot use Redis; run `fanout doctor` beside it.");
        Complain(nodes.Where(node => node.Flag("draining")), "is draining", "It leaves; if nobody deploys, ask who sent SIGTERM.");
        var versions = nodes.Select(node => node.Text("version")).Distinct().Order(StringComparer.Ordinal).ToList();
        if (versions.Count > 1)
            findings.Warn(Area, "nodes", "run different versions: " + string.Join(", ", versions), "Fine during a deploy, and only then.");
        if (nodes.GroupBy(node => node.Text("name")).Where(group => group.Count() > 1).Select(group => group.Key).ToList() is { Count: > 0 } twice)
            findings.Warn(Area, "nodes", $"share a name: {string.Join(", ", twice)}", "Set Fanout:Node:Name, or logs and metrics cannot be told apart. Right after a crash it is the dead one, for 15 s.");

        void Complain(IEnumerable<JsonElement> some, string what, string advice)
        {
            foreach (var node in some)
                findings.Warn(Area, "nodes", $"{node.Text("name")} {what}", advice);
        }
    }
}
