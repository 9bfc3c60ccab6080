using System.Globalization;

namespace Fanout.Node.Console;

/// <summary>Which counts of the metrics make an event, and in which words.</summary>
internal static class NotableTrouble
{
    public static bool IsNotable(string instrument, string tag) => (instrument, tag) switch
    {
        ("fanout.connections.closed", "slow_consumer") => true,
        ("fanout.messages.dropped", "lane_full" or "undecodable") => true,
        ("fanout.backplane.gaps", "lost" or "new_epoch") => true,
        ("fanout.limited", _) => true,
        _ => false,
    };

    /// <summary>How long such an event waits, at first, for the next of its kind: limits and slow readers come in storms.</summary>
    public static TimeSpan PauseOf(string kind) => TimeSpan.FromSeconds(kind is OpsEventKind.Limit or OpsEventKind.SlowConsumers ? 60 : 10);

    /// <param name="key">Instrument and tag, as <see cref="ConsoleCounters.TakeTrouble"/> gives them.</param>
    public static (string Kind, string Level, string Text) Describe(string key, long count)
    {
        var colon = key.IndexOf(':', StringComparison.Ordinal);
        var (instrument, tag) = (key[..colon], key[(colon + 1)..]);
        return (instrument, tag) switch
        {
            ("fanout.connections.closed", _) => (OpsEventKind.SlowConsumers, OpsLevel.Warn, Say(count, "client was closed because it reads too slowly", "clients were closed because they read too slowly")),
            ("fanout.messages.dropped", "lane_full") => (OpsEventKind.Dropped, OpsLevel.Bad, Say(count, "message of a room without history was dropped: a lane was full", "messages of rooms without history were dropped: a lane was full")),
            ("fanout.messages.dropped", _) => (OpsEventKind.Dropped, OpsLevel.Warn, Say(count, "message could not be decoded; is a node of a newer version running?", "messages could not be decoded; is a node of a newer version running?")),
            ("fanout.backplane.gaps", "new_epoch") => (OpsEventKind.Reset, OpsLevel.Warn, Say(count, "room began a new epoch: its members were told to reload", "rooms began a new epoch: their members were told to reload")),
            ("fanout.backplane.gaps", _) => (OpsEventKind.Reset, OpsLevel.Warn, Say(count, "room lost messages for good: its members were told to reload", "rooms lost messages for good: their members were told to reload")),
            _ => (OpsEventKind.Limit, OpsLevel.Warn, Say(count, $"refusal by the limit of {NameOf(tag)}", $"refusals by the limit of {NameOf(tag)}")),
        };
    }

    private static string NameOf(string limit) => limit.Replace('_', ' ').Replace(" per ", " for each ", StringComparison.Ordinal);

    private static string Say(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many)}");
}
