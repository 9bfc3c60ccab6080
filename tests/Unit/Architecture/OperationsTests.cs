using System.Collections;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Hosting.Settings;
using Fanout.Node.Rpc;
using Fanout.Node.Webhooks;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Fanout.Tests.Unit.Architecture;

/// <summary>docs/operations.md names what the code has: what an operator meets in a graph, a log or a close frame can be looked up there.</summary>
public sealed partial class OperationsTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "operations.md"));

    // Defined by the protocol for clients to know; no node closes with them.
    private static readonly CloseCode[] NotSent = [CloseCode.Unauthorized, CloseCode.Forbidden, CloseCode.TooManyConnections];

    [Fact]
    public void EachCloseCode_HasARow_WithItsReason()
    {
        var rows = Rows("Close codes");
        foreach (var code in Enum.GetValues<CloseCode>())
        {
            var row = rows.SingleOrDefault(cells => Number().Matches(cells[0]).Any(number => number.Value == ((int)code).ToString(CultureInfo.InvariantCulture)));
            Assert.True(row is not null, $"{(int)code} ({code}) is not in the table of close codes.");
            if (NotSent.Contains(code))
                Assert.Contains("never sent", row[2], StringComparison.Ordinal);
            else
                Assert.Contains($"`{CloseReasons.Of(PumpEnd.CloseHandshake, code, byPeer: false)}`", row[1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void NoNode_ClosesWith_WhatIsSaidNeverToBeSent() => Assert.Empty(
        from file in SourceTree.CSharpFiles("FanoutNode")
        where Path.GetFileName(file.Path) != "CloseReasons.cs"
        from code in NotSent
        where file.Text.Contains($"CloseCode.{code}", StringComparison.Ordinal)
        select $"{file.Path}: {code}");

    [Fact]
    public void EachCloseReason_IsInTheTableOfCloseCodes()
    {
        var reasons = string.Concat(Rows("Close codes").Select(cells => cells[1]));

        Assert.All(CloseReasons.All, reason => Assert.Contains($"`{reason}`", reasons, StringComparison.Ordinal));
        // Whatever a node closes with begins at 0.
        Assert.All(
            Enum.GetValues<CloseCode>().Except(NotSent).Select(code => CloseReasons.Of(PumpEnd.CloseHandshake, code, byPeer: false)), reason => Assert.Contains(reason, CloseReasons.All));
    }

    [Fact]
    public void EachTag_ThatBeginsAtZero_IsInItsMetricsRow()
    {
        var rows = Rows("Metrics");
        var tags = TagsAtZero().Concat(Enum.GetValues<PublishOutcome>().Select(outcome => ("fanout.publish.duration", FanoutMetrics.NameOf(outcome))))
            .Concat(Enum.GetValues<RpcOutcome>().Select(outcome => ("fanout.rpc.duration", RpcMetrics.Name(outcome)))).ToList();

        Assert.True(tags.Count > 50, $"Only {tags.Count} tags.");
        foreach (var (instrument, value) in tags)
        {
            var name = instrument.Replace('.', '_');
            var row = rows.SingleOrDefault(cells => Regex.IsMatch(cells[0], $"`{name}(_total|_seconds|_bytes)?`"));
            Assert.True(row is not null, $"{name} has no row.");
            Assert.True(row[1].Contains($"`{value}`", StringComparison.Ordinal), $"{name}: the tag's value '{value}' is not in its row.");
        }
    }

    [Fact]
    public void EachLimit_ThatRefuses_BeginsAtZero()
    {
        var refusing = SourceTree.CSharpFiles("FanoutNode").SelectMany(file => LimitName().Matches(file.Text)).Select(match => match.Groups[1].Value).ToHashSet();

        Assert.True(refusing.Count > 5, string.Join(' ', refusing));
        Assert.Subset(FanoutMetrics.Limits.ToHashSet(), refusing);
    }

    [Fact]
    public void EachLogEvent_ThatAnOperatorMaySee_IsNamed()
    {
        var section = Section("Logs");
        var rows = Rows("Logs");
        foreach (var told in LogEventTests.Events.Select(e => e.Event))
        {
            var id = told.EventId.ToString(CultureInfo.InvariantCulture);
            if (told.Level < LogLevel.Warning)
            {
                Assert.True(Regex.IsMatch(section, $@"\b{id}\b"), $"{id} {told.EventName} is not named.");
                continue;
            }

            var row = rows.SingleOrDefault(cells => Number().Matches(cells[0]).Any(number => number.Value == id));
            Assert.True(row is not null, $"{id} {told.EventName} has no row.");
            Assert.Contains($"`{told.EventName}`", row[2], StringComparison.Ordinal);
            Assert.Equal((id, told.Level.ToString()), (id, row[1]));
        }

        // And the other way round: nobody looks for an event that is no more.
        var known = LogEventTests.Events.Select(e => e.Event.EventId.ToString(CultureInfo.InvariantCulture)).ToHashSet();
        Assert.DoesNotContain(rows.SelectMany(cells => Number().Matches(cells[0])).Select(number => number.Value), id => !known.Contains(id));
    }

    [Fact]
    public void EachSetting_HasARow()
    {
        var rows = Rows("Settings");
        var settings = Settings(typeof(FanoutSettings), "Fanout").ToList();

        Assert.True(settings.Count > 80, $"Only {settings.Count} settings.");
        Assert.DoesNotContain(settings, setting => !rows.Any(row => Names(row, setting)));
    }

    // `Fanout:A:B`, or with others: `Fanout:A:B`, `C`; of an item of a list its own name alone: `B`; of a group: `Fanout:A:{B, C}`, or in words: `{B, C}`.
    private static bool Names(string[] cells, string setting)
    {
        var row = cells[0];
        var name = setting[(setting.LastIndexOf(':') + 1)..];
        var group = setting[..setting.LastIndexOf(':')];
        return Regex.IsMatch(row, $@"`({Regex.Escape(group)}:)?{name}`")
            || (row == $"`{group}`" && Regex.IsMatch(cells[1], $@"`\{{[^}}]*\b{name}\b[^}}]*\}}`"))
            || Regex.IsMatch(row, $@"`{Regex.Escape(group)}:\{{[^}}]*\b{name}\b[^}}]*\}}`");
    }

    private static IEnumerable<string> Settings(Type type, string path)
    {
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.CanWrite))
        {
            var name = $"{path}:{property.Name}";
            var inner = property.PropertyType.IsGenericType && property.PropertyType.IsAssignableTo(typeof(IEnumerable)) ? property.PropertyType.GetGenericArguments()[0] : property.PropertyType;
            if (inner.Namespace?.StartsWith("Fanout.", StringComparison.Ordinal) == true && inner is { IsClass: true })
            {
                foreach (var below in Settings(inner, name))
                    yield return below;
            }
            else
            {
                yield return name;
            }
        }
    }

    private static List<(string Instrument, string Value)> TagsAtZero()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var metrics = new FanoutMetrics(factory);
        var found = new List<(string, string)>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => Enable(instrument, self) };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
        {
            foreach (var (key, value) in tags)
            {
                if (key is not ("method" or "endpoint"))
                    found.Add((instrument.Name, (string)value!));
            }
        });
        listener.Start();
        metrics.BeginAtZero(CloseReasons.All);
        new RpcMetrics(factory).BeginAtZero(["*"]);
        new WebhookMetrics(factory).BeginAtZero(["receiver"]);
        return found;

        void Enable(Instrument instrument, MeterListener self)
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter))
                self.EnableMeasurementEvents(instrument);
        }
    }

    private static string Section(string title)
    {
        var match = Regex.Match(Document, $@"^## {title}\n(.*?)(?=^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline);
        Assert.True(match.Success, $"There is no section '{title}'.");
        return match.Groups[1].Value;
    }

    /// <summary>Cells of all rows of all tables in a section.</summary>
    private static List<string[]> Rows(string title) =>
        [.. Section(title).Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Trim(' ')[1..^1].Split('|', StringSplitOptions.TrimEntries))];

    [GeneratedRegex(@"\b(?:Limited|Refuse)\(""(\w+)""")]
    private static partial Regex LimitName();

    [GeneratedRegex(@"\b\d{4}\b")]
    private static partial Regex Number();
}
