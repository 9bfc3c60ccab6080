using System.Reflection;
using System.Text;
using Fanout.Node.Backplane;
using Fanout.Node.Console;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Console;

/// <summary>What becomes an event of the console.</summary>
public sealed class NotableTests
{
    private readonly FakeTimeProvider _time = new();

    // A log event that is renamed must not vanish from the console unseen.
    [Fact]
    public void NotableLogs_NameEventsThatExist()
    {
        var known = typeof(NotableLogs).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventName)
            .ToHashSet();

        Assert.NotEmpty(NotableLogs.Names);
        Assert.All(NotableLogs.Names, name => Assert.Contains(name, known));
    }

    [Fact]
    public void Logger_OfANotableLine_MakesAnEventWithTheNodeThatItIsAbout()
    {
        var events = Events();
        using var provider = new NotableLogProvider(events);
        var logger = provider.CreateLogger("Fanout.Node.Backplane.Redis.NodeReaper");

        logger.Log(LogLevel.Warning, new EventId(1260, "NodeReaped"), [new("NodeId", "b-1")], null, (List<KeyValuePair<string, object?>> _, Exception? _) => "Node b-1 is dead");
        logger.Log(LogLevel.Warning, new EventId(1, "SomethingElse"), "x", null, (_, _) => "x");

        var told = Assert.Single(events.Waiting);
        Assert.Equal(("node_reaped", "bad", "Node b-1 is dead", "b-1"), (told.Kind, told.Level, told.Text, told.Subject));
    }

    [Fact]
    public void Event_ThatRepeats_IsToldAgainAfterAPauseWithHowOftenItCame()
    {
        var events = Events();
        for (var i = 0; i < 5; i++)
            events.Add(OpsEventKind.Access, OpsLevel.Warn, "unreadable", "authority");
        events.Settle();
        Assert.Single(events.Waiting);

        _time.Advance(TimeSpan.FromSeconds(11));
        events.Settle();
        Assert.Equal(["unreadable", "unreadable (and 3 more since the last time)"], events.Waiting.Select(e => e.Text));

        // Told once, and its turn over: the next is a first one.
        _time.Advance(TimeSpan.FromSeconds(11));
        events.Settle();
        events.Add(OpsEventKind.Access, OpsLevel.Warn, "unreadable again", "authority");
        Assert.Equal("unreadable again", events.Waiting[^1].Text);
        Assert.Equal(3, events.Waiting.Count);
    }

    [Fact]
    public void Events_OfMoreKindsThanAreRemembered_LoseNoCount()
    {
        var events = Events();
        events.Add(OpsEventKind.Access, OpsLevel.Warn, "first", "a");
        events.Add(OpsEventKind.Access, OpsLevel.Warn, "second", "a");
        for (var i = 0; i < NotableEvents.Capacity; i++)
            events.Add(OpsEventKind.Access, OpsLevel.Warn, $"other {i}", $"subject {i}");

        Assert.Contains("second", events.Waiting.Select(e => e.Text));
    }

    // Its members are still there, so the page must not bury it.
    [Fact]
    public void Reap_ThatFailed_IsAKindOfItsOwn() => Assert.Equal((OpsEventKind.ReapFailed, OpsLevel.Bad), NotableLogs.Find("ReapSkipped"));

    [Fact]
    public void Event_OfTheBackplanesState_IsToldEachTime()
    {
        var events = Events();
        events.Add(OpsEventKind.BackplaneDegraded, OpsLevel.Bad, "degraded");
        events.Add(OpsEventKind.BackplaneHealthy, OpsLevel.Good, "healthy");
        events.Add(OpsEventKind.BackplaneDegraded, OpsLevel.Bad, "degraded");

        Assert.Equal(["degraded", "healthy", "degraded"], events.Waiting.Select(e => e.Text));
    }

    [Fact]
    public void Events_WhileTheBackplaneIsAway_AreBoundedAndTheOldestGiveWay()
    {
        var events = Events();
        for (var i = 0; i < NotableEvents.Capacity + 10; i++)
            events.Add(OpsEventKind.Limit, OpsLevel.Warn, $"text {i}", $"subject {i}");

        Assert.Equal(NotableEvents.Capacity, events.Waiting.Count);
        Assert.Equal("text 10", events.Waiting[0].Text);
    }

    [Fact]
    public void Event_WithALongText_IsCut()
    {
        var events = Events();
        events.Add(OpsEventKind.Backplane, OpsLevel.Bad, new string('x', 5_000));

        Assert.InRange(Encoding.UTF8.GetByteCount(Assert.Single(events.Waiting).Text), 100, 300);
    }

    [Theory]
    [InlineData("fanout.limited:messages", 1, "1 refusal by the limit of messages")]
    [InlineData("fanout.limited:rooms_per_connection", 2500, "2,500 refusals by the limit of rooms for each connection")]
    [InlineData("fanout.connections.closed:slow_consumer", 2, "2 clients were closed because they read too slowly")]
    public void Trouble_IsSaidInWords(string key, long count, string expected) => Assert.Equal(expected, NotableTrouble.Describe(key, count).Text);

    private NotableEvents Events() => new(new NodeIdentity("node"), _time);
}
