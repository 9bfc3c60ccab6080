using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Fanout.Tests.Integration.Observability;

/// <summary>What the repository ships for operators: dashboards, rules, and the document that explains them.</summary>
internal static partial class Deployed
{
    private static readonly string Root = FindRoot();

    public static string Rules => File.ReadAllText(RulesPath);

    public static string RulesPath => Path.Combine(Root, "deploy", "prometheus", "fanout.rules.yml");

    /// <summary>A file or folder of the repository.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Operations => File.ReadAllText(Path.Combine(Root, "docs", "operations.md"));

    public static IReadOnlyList<string> Alerts => [.. AlertName().Matches(Rules).Select(match => match.Groups[1].Value)];

    public static IReadOnlyList<string> Runbooks => [.. RunbookLink().Matches(Rules).Select(match => match.Groups[1].Value)];

    public static IEnumerable<(string File, JsonNode Dashboard)> Dashboards =>
        Directory.GetFiles(Path.Combine(Root, "deploy", "grafana", "dashboards"), "*.json").Order().Select(file => (Path.GetFileName(file), JsonNode.Parse(File.ReadAllText(file))!));

    public static IEnumerable<(string File, string Panel, string Legend, string Expression)> Queries =>
        from dashboard in Dashboards
        from panel in (JsonArray)dashboard.Dashboard["panels"]!
        from target in (JsonArray)panel!["targets"]!
        select (dashboard.File, (string)panel["title"]!, (string)target!["legendFormat"]!, (string)target["expr"]!);

    /// <summary>Anchors of the headings of docs/operations.md, as they are made of them where it is shown.</summary>
    public static IReadOnlySet<string> Anchors => Heading().Matches(Operations)
        .Select(match => NotInAnchors().Replace(match.Groups[1].Value.Trim().ToLowerInvariant().Replace(' ', '-'), ""))
        .ToHashSet();

    /// <summary>Our metrics that the document names, as Prometheus does.</summary>
    public static IReadOnlySet<string> DocumentedMetrics => MetricRow().Matches(Operations).SelectMany(match => MetricName().Matches(match.Groups[1].Value)).Select(match => match.Value).ToHashSet();

    public static IReadOnlySet<string> MetricsIn(string text) => MetricName().Matches(text).Select(match => Family(match.Value)).ToHashSet();

    /// <summary>Without what a histogram's series have behind its name.</summary>
    public static string Family(string series) => Suffix().Replace(series, "");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Fanout.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("Fanout.sln is above none of the test's folders.");
    }

    [GeneratedRegex(@"^\s*- alert: (\w+)", RegexOptions.Multiline)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"runbook: docs/operations\.md#([\w-]+)")]
    private static partial Regex RunbookLink();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w-]")]
    private static partial Regex NotInAnchors();

    // The first cell: the last one may name other metrics.
    [GeneratedRegex(@"^\| (`fanout_[^|]+)\|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"\bfanout_\w+")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
