using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Fanout.Bench.Load.Native;
using Fanout.Bench.Load.Traffics;

namespace Fanout.Bench.Load.Sockets;

/// <summary>One thread and its connections: it connects, reads, counts and publishes.</summary>
/// <remarks><see cref="Post"/> from anywhere; everything else on the loop's own thread.</remarks>
internal sealed unsafe partial class Loop : IDisposable
{
    private const int BufferBytes = 512 * 1024;
    private const int WakeNumber = -1;
    private const int TimerNumber = -2;

    private readonly Epoll _epoll = new();
    private readonly int _wake = Libc.EventFd(0, 0x80800);
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly List<Client> _clients = [];
    private readonly byte* _buffer = (byte*)NativeMemory.Alloc(BufferBytes * 2);
    private readonly Thread _thread;
    private int _timer = -1;
    private volatile bool _stopped;

    public Loop(int index)
    {
        Index = index;
        _epoll.Add(_wake, Libc.PollIn, WakeNumber);
        _thread = new Thread(Run) { Name = $"loop {index}", IsBackground = true };
        _thread.Start();
    }

    public int Index { get; }

    /// <summary>What is counted and published; null between measurements.</summary>
    public LoopTraffic? Traffic { get; set; }

    /// <summary>Connections that ended without our wish.</summary>
    public int LostCount { get; private set; }

    /// <summary>Why the last of them did.</summary>
    public string? LastLoss { get; private set; }

    /// <summary>Runs an action on the loop's thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        var one = 1UL;
        _ = Libc.Write(_wake, &one, 8);
    }

    /// <summary>Runs an action on the loop's thread and waits for it.</summary>
    public void Run(Action action)
    {
        using var done = new ManualResetEventSlim();
        Exception? failure = null;
        Post(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }

            done.Set();
        });
        if (!done.Wait(TimeSpan.FromSeconds(30)))
            throw new TimeoutException($"loop {Index} does not answer");
        if (failure is not null)
            throw new InvalidOperationException($"loop {Index}: {failure.Message}", failure);
    }

    /// <summary>Calls the traffic this often; zero: no more.</summary>
    public void SetTimer(TimeSpan interval)
    {
        if (_timer < 0)
        {
            _timer = Libc.TimerCreate(1, 0x80800);
            _epoll.Add(_timer, Libc.PollIn, TimerNumber);
        }

        var nanoseconds = (long)interval.TotalNanoseconds;
        var (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        var spec = stackalloc long[] { seconds, rest, seconds, rest };
        _ = Libc.TimerSet(_timer, 0, spec, null);
    }

    public void Watch(Client client, uint events) => _epoll.Modify(client.Fd, events, client.Number);

    /// <summary>A stalled connection reads again.</summary>
    public void Resume(Client client) => _epoll.Add(client.Fd, Libc.PollIn, client.Number);

    /// <summary>The connection ended without our wish.</summary>
    public void Lose(Client client, string why)
    {
        if (client.Phase == ClientPhase.Closed)
            return;
        LostCount++;
        LastLoss = $"{why} in phase {client.Phase}";
        client.Ended = why;
        var phase = client.Phase;
        Close(client);
        if (phase != ClientPhase.Ready)
            OnSettled(client, succeeded: false);
    }

    /// <summary>Drops all connections; with a reset, so that no port stays taken.</summary>
    public void CloseAll()
    {
        _connectQueue.Clear();
        foreach (var client in _clients)
            Close(client);
        _clients.Clear();
        _pending = 0;
        LostCount = 0;
        LastLoss = null;
    }

    public void Dispose()
    {
        Run(CloseAll);
        _stopped = true;
        Post(() => { });
        _thread.Join();
        _epoll.Dispose();
        NativeMemory.Free(_buffer);
    }

    private void Run()
    {
        while (!_stopped)
        {
            var count = _epoll.Wait(-1);
            for (var i = 0; i < count; i++)
            {
                var (events, number) = _epoll[i];
                switch (number)
                {
                    case WakeNumber:
                        RunPosted();
                        // What it closed may still have events in this batch, under numbers that are given anew; the rest is told again.
                        i = count;
                        break;
                    case TimerNumber:
                        ReadCounter(_timer);
                        Traffic?.OnTimer();
                        break;
                    default:
                        OnEvent(number, events);
                        break;
                }
            }

            // Whatever this round completed is published with one send a publisher.
            Traffic?.EndRound();
        }
    }

    private void OnEvent(int number, uint events)
    {
        if (number >= _clients.Count)
            return;
        var client = _clients[number];
        if (client.Phase == ClientPhase.Closed)
            return;
        if (client.Phase == ClientPhase.Connecting)
        {
            OnConnected(client, events);
            return;
        }

        if ((events & Libc.PollOut) != 0)
            client.Flush();
        if ((events & (Libc.PollIn | Libc.PollErr | Libc.PollHup)) != 0)
            Read(client);
    }

    private void RunPosted()
    {
        ReadCounter(_wake);
        while (_posted.TryDequeue(out var action))
            action();
    }

    private static void ReadCounter(int fd)
    {
        ulong value;
        _ = Libc.Read(fd, &value, 8);
    }

    private static void Close(Client client)
    {
        if (client.Fd >= 0)
        {
            var linger = stackalloc int[] { 1, 0 };
            _ = Libc.SetOption(client.Fd, Libc.SocketLevel, Libc.Linger, linger, 8);
            _ = Libc.Close(client.Fd);
        }

        client.Fd = -1;
        client.Phase = ClientPhase.Closed;
        client.ForgetBuffers();
    }
}
