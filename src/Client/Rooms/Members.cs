using System.Collections.Immutable;

namespace Fanout.Client.Rooms;

/// <summary>
/// Who is in a room: the list, with the notices applied on top (docs/protocol.md, section 10). A notice that comes while the list is being
/// read counts after it, since the list may have been read before. Used in turns.
/// </summary>
internal sealed class Members
{
    private readonly List<FanoutPresenceChange> _early = [];
    private int _reading;
    private bool _isReading;

    /// <summary>By client id. A snapshot: it does not change.</summary>
    public ImmutableDictionary<string, FanoutMember> View { get; private set; } = ImmutableDictionary<string, FanoutMember>.Empty;

    /// <summary>Reads the whole list.</summary>
    /// <param name="page">Asks for the page behind a member, and tells it or an error.</param>
    /// <param name="told">The list has taken the old one's place, or an error. Not called where another reading has begun, or this one was abandoned.</param>
    public void Read(Action<string?, Action<FanoutPresencePage?, Exception?>> page, Action<Exception?> told)
    {
        var reading = ++_reading;
        _isReading = true;
        _early.Clear();
        var fresh = ImmutableDictionary.CreateBuilder<string, FanoutMember>();
        Ask(null);

        void Ask(string? after) => page(after, (answer, error) =>
        {
            if (reading != _reading)
                return;
            if (answer is null)
            {
                told(error);
                return;
            }

            foreach (var member in answer.Members)
                fresh[member.ClientId] = member;
            if (answer.Next is { } next)
            {
                Ask(next);
                return;
            }

            View = fresh.ToImmutable();
            foreach (var change in _early)
                Apply(change);
            _early.Clear();
            _isReading = false;
            told(null);
        });
    }

    public void Notice(FanoutPresenceChange change)
    {
        if (_isReading)
            _early.Add(change);
        Apply(change);
    }

    /// <summary>A reading that is under way does not count any more.</summary>
    public void Abandon()
    {
        _reading++;
        _isReading = false;
        _early.Clear();
    }

    public void Clear()
    {
        Abandon();
        View = ImmutableDictionary<string, FanoutMember>.Empty;
    }

    private void Apply(FanoutPresenceChange change) =>
        View = change.HasJoined ? View.SetItem(change.Member.ClientId, change.Member) : View.Remove(change.Member.ClientId);
}
