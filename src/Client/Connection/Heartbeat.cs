using Fanout.Client.Threading;

namespace Fanout.Client.Connection;

/// <summary>The client's view of docs/protocol.md, section 12.2: silence leads to a ping, and a ping without an answer to the end.</summary>
internal sealed class Heartbeat
{
    /// <summary>How often silence is looked at; a tick that comes this much too late means that the machine slept.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(5);

    /// <summary>Where the node does not ping (its interval is 0), we do, this often.</summary>
    private static readonly TimeSpan OwnInterval = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time;
    private readonly TimeSpan _pongTimeout;
    private readonly Action _ping;
    private readonly Action _dead;
    private readonly ClientTimer _tick;
    private readonly ClientTimer _asked;
    private TimeSpan _silence = OwnInterval;
    private DateTimeOffset _lastSeen;
    private DateTimeOffset _lastTick;

    /// <param name="dead">Nothing came although we asked.</param>
    public Heartbeat(Turns turns, TimeProvider time, TimeSpan pongTimeout, Action ping, Action dead)
    {
        _time = time;
        _pongTimeout = pongTimeout;
        _ping = ping;
        _dead = dead;
        _tick = new ClientTimer(turns, time);
        _asked = new ClientTimer(turns, time);
    }

    /// <param name="showsPings">Whether the node's pings are seen: then only its timeout is suspicious, else already its interval.</param>
    public void Start(TimeSpan interval, TimeSpan timeout, bool showsPings)
    {
        _silence = interval <= TimeSpan.Zero ? OwnInterval : showsPings && timeout > TimeSpan.Zero ? timeout : interval;
        _lastSeen = _lastTick = _time.GetUtcNow();
        Next();
    }

    /// <summary>Anything that comes is life.</summary>
    public void Seen()
    {
        _lastSeen = _time.GetUtcNow();
        _asked.Clear();
    }

    /// <summary>Asks now.</summary>
    public void Check()
    {
        if (!_tick.IsSet || _asked.IsSet)
            return;
        _asked.Set(_pongTimeout, _dead);
        _ping();
    }

    public void Stop()
    {
        _tick.Clear();
        _asked.Clear();
    }

    private void Next()
    {
        var untilSilence = _lastSeen + _silence - _time.GetUtcNow();
        _tick.Set(untilSilence > TimeSpan.Zero && untilSilence < Tick ? untilSilence : Tick, Look);
    }

    private void Look()
    {
        // The wall clock, since the other one may stand still while the machine sleeps.
        var now = _time.GetUtcNow();
        var slept = now - _lastTick > 2 * Tick;
        _lastTick = now;
        // A clock that was set back must not make silence look short.
        if (_lastSeen > now)
            _lastSeen = now;
        var silent = now - _lastSeen >= _silence;
        Next();
        if (slept || silent)
            Check();
    }
}
