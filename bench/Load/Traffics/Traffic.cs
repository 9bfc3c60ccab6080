using System.Text;
using Fanout.Bench.Load.Measuring;
using Fanout.Bench.Load.Protocols;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Traffics;

/// <summary>
/// Messages published to rooms in turn: either at a rate, or with a fixed number in flight. A message is in flight until each of its
/// room's members has it, so that no server looks fast by piling up what it has not delivered.
/// </summary>
internal sealed class Traffic
{
    /// <summary>Numbers of messages repeat after so many; far more than can be under way.</summary>
    public const int Ring = 1 << 16;

    private readonly int[] _loopsToGo = new int[Ring];
    private readonly int[] _loopsOfRoom;
    private readonly byte[] _filler;
    private readonly PublishTemplate[] _templates;
    private readonly LoopTraffic[] _parts;
    private readonly BatchTemplate? _batch;
    private readonly int _batchSize;
    private long _published;
    private long _completed;
    private long _refused;
    private long _interval;
    private long _start;
    private long _due;

    public Traffic(IReadOnlyList<string> rooms, IReadOnlyList<Loop> loops, Protocol protocol, int payloadBytes, bool overHttp, int batchSize = 1)
    {
        _batch = batchSize > 1 ? new BatchTemplate(protocol.BatchHead) : null;
        _batchSize = batchSize;
        Rooms = rooms;
        OverHttp = overHttp;
        _loopsOfRoom = new int[rooms.Count];
        _filler = Encoding.ASCII.GetBytes(new string('x', Math.Max(payloadBytes, Stamp.Length)));
        _templates = [.. rooms.Select(room => overHttp ? (batchSize > 1 ? protocol.BatchItem(room, _filler.Length) : protocol.HttpPublish(room, _filler.Length)) : protocol.Publish(room, _filler.Length))];
        _parts = [.. loops.Select(loop => new LoopTraffic(this, loop))];
    }

    public IReadOnlyList<string> Rooms { get; }

    public bool OverHttp { get; }

    public IReadOnlyList<LoopTraffic> Parts => _parts;

    public bool IsSaturating { get; private set; }

    public long Published => Interlocked.Read(ref _published);

    /// <summary>Messages that every member has.</summary>
    public long Completed => Interlocked.Read(ref _completed);

    /// <summary>HTTP publishes that were answered with an error.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public long Deliveries => _parts.Sum(part => part.Deliveries);

    /// <summary>To be called when all members are in place.</summary>
    public void Begin()
    {
        for (var room = 0; room < Rooms.Count; room++)
            _loopsOfRoom[room] = _parts.Count(part => part.HasMembers(room));
        foreach (var part in _parts)
            part.Loop.Run(() => part.Loop.Traffic = part);
    }

    /// <summary>Keeps so many messages in flight until <see cref="Pause"/>.</summary>
    public void Saturate(int inFlight)
    {
        IsSaturating = true;
        var publishing = _parts.Where(part => part.HasPublishers).ToArray();
        for (var i = 0; i < publishing.Length; i++)
        {
            var part = publishing[i];
            var count = (inFlight / publishing.Length) + (i < inFlight % publishing.Length ? 1 : 0);
            part.Loop.Post(() =>
            {
                var now = Clock.Now;
                for (var n = 0; n < count; n++)
                    part.Publish(now);
            });
        }
    }

    /// <summary>Publishes at a steady rate until <see cref="Pause"/>.</summary>
    public void Pace(double perSecond)
    {
        var part = _parts.First(part => part.HasPublishers);
        part.Loop.Run(() =>
        {
            _interval = (long)(1e9 / perSecond);
            _start = Clock.Now;
            _due = 0;
            part.Loop.SetTimer(TimeSpan.FromSeconds(1 / perSecond));
        });
    }

    public void Pause()
    {
        IsSaturating = false;
        if (_interval == 0)
            return;
        var part = _parts.First(part => part.HasPublishers);
        part.Loop.Run(() =>
        {
            part.Loop.SetTimer(TimeSpan.Zero);
            _interval = 0;
        });
    }

    public void End()
    {
        Pause();
        foreach (var part in _parts)
            part.Loop.Run(() => part.Loop.Traffic = null);
    }

    /// <summary>Publishes everything whose time has come, stamped with the time that was meant: a delay here is a delay measured.</summary>
    public void PublishDue(LoopTraffic part)
    {
        if (_interval == 0)
            return;
        var now = Clock.Now;
        while (_start + ((_due + 1) * _interval) <= now)
        {
            _due++;
            part.Publish(_start + (_due * _interval));
        }
    }

    /// <summary>Queues the next message with a publisher; or the next ones, as one batch.</summary>
    public void Write(Client publisher, long time)
    {
        if (_batch is null)
        {
            var next = Next();
            Fill(_templates[next.Room].Reserve(publisher), time, next.Number);
            return;
        }

        var items = Enumerable.Range(0, _batchSize).Select(_ => Next()).ToArray();
        _batch.Write(publisher, [.. items.Select(item => _templates[item.Room])], (index, payload) => Fill(payload, time, items[index].Number));
    }

    private (int Room, uint Number) Next()
    {
        var number = (uint)(Interlocked.Increment(ref _published) - 1);
        var room = (int)(number % (uint)Rooms.Count);
        Volatile.Write(ref _loopsToGo[number & (Ring - 1)], _loopsOfRoom[room]);
        return (room, number);
    }

    private void Fill(Span<byte> payload, long time, uint number)
    {
        _filler.CopyTo(payload);
        Stamp.Write(payload, time, number);
    }

    public bool CompleteOnOneLoop(uint slot)
    {
        if (Interlocked.Decrement(ref _loopsToGo[slot]) > 0)
            return false;
        Interlocked.Increment(ref _completed);
        return true;
    }

    public void Answered(bool succeeded)
    {
        if (!succeeded)
            Interlocked.Increment(ref _refused);
    }
}
