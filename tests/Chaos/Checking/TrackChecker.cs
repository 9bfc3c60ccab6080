using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Checking;

/// <summary>Follows one subscriber through a room with history, and holds the node to its word at every step.</summary>
internal sealed class TrackChecker(Track track, RoomRules rules, RoomTruth truth, Action<Violation> report)
{
    private Position? _at;

    /// <param name="end">Where the room was when everything had come to rest; null when that is not known.</param>
    public void Check(Position? end)
    {
        foreach (var happening in track.Events)
        {
            switch (happening)
            {
                case Joined joined:
                    OnJoined(joined);
                    break;
                case Received received:
                    OnReceived(received);
                    break;
                case WasReset reset:
                    OnReset(reset);
                    break;
                case Left or Ended:
                    _at = null;
                    break;
            }
        }

        if (end is { } target)
            CheckEnd(target);
    }

    private void OnJoined(Joined joined)
    {
        if (joined.Position is not { } position)
        {
            Report(ViolationKind.PositionMissing, joined, "joined without epoch and offset");
            return;
        }

        if (joined.Recovered)
        {
            if (joined.Since is not { } since || since != position)
                Report(ViolationKind.FalselyRecovered, joined, $"asked for {joined.Since?.ToString() ?? "nothing"}, recovered at {position}");
        }
        else if (joined.Since is { } since)
        {
            if (since.Epoch == position.Epoch && truth.Log(since.Epoch).MustReachBack(since.Offset, joined.At))
                Report(
                    ViolationKind.FalselyNotRecovered, joined,
                    $"asked for {since}, was put to {position}; at most {truth.Log(since.Epoch).NewestPossible(joined.At)} existed and {rules.HistorySize} are kept");
            CheckDirection(since.Epoch, position, joined);
        }

        CheckNotAhead(position, joined);
        _at = position;
    }

    private void OnReceived(Received received)
    {
        if (_at is not { } at)
            Report(ViolationKind.OutsideTheRoom, received, $"message {received.Id} at {received.Offset}");
        else if (received.Offset is not { } offset)
            Report(ViolationKind.PositionMissing, received, $"message {received.Id} without an offset");
        else if (offset <= at.Offset)
            Report(ViolationKind.TwiceOrOutOfOrder, received, $"offset {offset} behind {at}");
        else
            _at = Advance(at, offset, received);
    }

    private Position Advance(Position at, long offset, Received received)
    {
        if (rules.Kind == RoomKind.Sequenced)
            CheckGap(at, offset - 1, ViolationKind.Missing, received);
        return at with { Offset = offset };
    }

    private void OnReset(WasReset reset)
    {
        if (_at is not { } at)
        {
            Report(ViolationKind.OutsideTheRoom, reset, $"reset to {reset.Position}");
            return;
        }

        if (at.Epoch == reset.Position.Epoch && truth.Log(at.Epoch).MustReachBack(at.Offset, reset.At))
            Report(ViolationKind.FalseReset, reset, $"from {at} to {reset.Position}; {rules.HistorySize} are kept");
        CheckDirection(at.Epoch, reset.Position, reset);
        CheckNotAhead(reset.Position, reset);
        _at = reset.Position;
    }

    private void CheckEnd(Position end)
    {
        if (_at is not { } at)
            Report(ViolationKind.NotConverged, null, $"not in the room at the end, which is at {end}");
        else if (at.Epoch != end.Epoch)
            Report(ViolationKind.NotConverged, null, $"is at {at}, the room at {end}");
        else if (rules.Kind == RoomKind.Sequenced)
            CheckGap(at, end.Offset, ViolationKind.NotConverged, null);
        else if (at.Offset < end.Offset)
            Report(ViolationKind.NotConverged, null, $"is at {at}, the newest is {end}");
    }

    private void CheckGap(Position at, long last, ViolationKind kind, TrackEvent? happening)
    {
        var messages = truth.Log(at.Epoch).Messages;
        for (var offset = at.Offset + 1; offset <= last; offset++)
        {
            if (!messages.TryGetValue(offset, out var missed))
                continue; // An offset that was counted and never stored.
            Report(kind, happening, $"behind {at} it lacks {offset} to {last} (first: {missed.Id}, {missed.Publisher}/{missed.Number})");
            return;
        }
    }

    private void CheckDirection(string from, Position to, TrackEvent happening)
    {
        if (from != to.Epoch && truth.IsOlder(to.Epoch, from))
            Report(ViolationKind.EpochWentBack, happening, $"from epoch {from} to {to}");
    }

    private void CheckNotAhead(Position position, TrackEvent happening)
    {
        var newest = truth.Log(position.Epoch).NewestPossible(happening.At);
        if (position.Offset > newest)
            Report(ViolationKind.PositionAhead, happening, $"put to {position}, and at most {newest} existed");
    }

    private void Report(ViolationKind kind, TrackEvent? happening, string text) =>
        report(new Violation(kind, track.ToString(), happening?.At, text));
}
