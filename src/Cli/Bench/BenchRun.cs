using System.Diagnostics;
using System.Globalization;
using Fanout.Cli.Http;
using Fanout.Cli.Running;

namespace Fanout.Cli.Bench;

/// <summary>Connects, publishes, measures: 1 members -> 2 publishers -> 3 warm-up -> 4 measuring -> 5 waiting for what is on its way -> 6 good bye.</summary>
internal sealed class BenchRun : IDisposable
{
    private const int ConnectsAtOnce = 32;

    // Of what a node takes of one connection, so that a burst of ours is not refused.
    private const double ShareOfRate = 0.7;
    private const int MostPublishers = 256;

    // A stamp must be in it, behind the longest head of a message.
    private const int BufferBytes = 2048;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly Run _run;
    private readonly BenchPlan _plan;
    private readonly StatusLine _status;
    private readonly MessageLedger _ledger;
    private readonly LatencyRecorder _latencies = new();
    private readonly LatencyHistogram _connects = new();
    private readonly HttpMessageInvoker _invoker;
    private readonly List<BenchMember> _members = [];
    private readonly List<IBenchPublisher> _publishers = [];
    private readonly List<long> _mayPublishAt = [];
    private readonly List<Task> _reading = [];
    private readonly CancellationTokenSource _ending;
    private readonly SemaphoreSlim _window;
    private uint _published;
    private int _next;
    private long _interval;
    private bool _wasHeldBack;

    public BenchRun(Run run, BenchPlan plan)
    {
        (_run, _plan) = (run, plan);
        _status = new StatusLine(run.Terminal);
        _ledger = new MessageLedger(plan) { OnRefused = FreePlace };
        _invoker = new HttpMessageInvoker(Handlers.Create(run.Settings));
        _ending = CancellationTokenSource.CreateLinkedTokenSource(run.Stopped);
        _window = new SemaphoreSlim(plan.Rate > 0 ? int.MaxValue : plan.InFlight);
    }

    public async Task<BenchResult> ExecuteAsync()
    {
        try
        {
            var connecting = Stopwatch.GetTimestamp();
            await ConnectMembersAsync();
            var connectTime = Stopwatch.GetElapsedTime(connecting);
            await ConnectPublishersAsync();

            await PublishAsync(_plan.WarmUp, "warming up");
            _latencies.CountFrom(_published);
            var (before, cpu, began, first) = (_ledger.Deliveries, Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp(), _published);
            await PublishAsync(_plan.Duration, "measuring");
            var elapsed = Stopwatch.GetElapsedTime(began);
            var measured = new Measured(
                elapsed, _ledger.Deliveries - before, _published - first, (Process.GetCurrentProcess().TotalProcessorTime - cpu) / elapsed / Environment.ProcessorCount);

            await SettleAsync();
            _status.Clear();
            return new BenchResult(_plan, measured, connectTime, _connects, _latencies.Sum(), _ledger.Sum(_published), Losses(), _publishers.Count, _wasHeldBack);
        }
        finally
        {
            _status.Clear();
            await CloseAsync();
        }
    }

    public void Dispose()
    {
        foreach (var member in _members)
            member.Dispose();
        foreach (var publisher in _publishers)
            publisher.Dispose();
        _invoker.Dispose();
        _ending.Dispose();
        _window.Dispose();
    }

    // 1
    private async Task ConnectMembersAsync()
    {
        var gate = new Lock();
        await Parallel.ForEachAsync(Enumerable.Range(0, _plan.Connections), new ParallelOptions { MaxDegreeOfParallelism = ConnectsAtOnce, CancellationToken = _run.Stopped }, async (index, cancellation) =>
        {
            var began = Clock.Now;
            var socket = await BenchSocket.OpenAsync(_run.Settings, _invoker, _plan.RoomName(index % _plan.Rooms), BufferBytes, cancellation);
            var member = new BenchMember(socket, _ledger, _latencies, FreePlace);
            lock (gate)
            {
                _connects.Record(Clock.Now - began);
                _members.Add(member);
                _reading.Add(Task.Run(() => member.ReadAsync(_ending.Token), CancellationToken.None));
                _status.Show($"connecting: {_members.Count} of {_plan.Connections}");
            }
        });
    }

    // 2
    private async Task ConnectPublishersAsync()
    {
        if (_plan.OverHttp)
        {
            _publishers.Add(new HttpPublisher(_run.Api, _plan, _ledger));
            _mayPublishAt.Add(0);
            return;
        }

        int wanted;
        do
        {
            var socket = await BenchSocket.OpenAsync(_run.Settings, _invoker, null, BufferBytes, _run.Stopped);
            var publisher = new SocketPublisher(socket, _plan, _ledger);
            _publishers.Add(publisher);
            _mayPublishAt.Add(0);
            _reading.Add(Task.Run(() => publisher.ReadAsync(_ending.Token), CancellationToken.None));
            // As many as the nodes' limit for one makes necessary; without a limit, a few. Without a rate: one for each message on its way.
            wanted = socket.MessagesPerSecond == 0 ? 4
                : _plan.Rate > 0 ? (int)Math.Ceiling(_plan.Rate / (socket.MessagesPerSecond * ShareOfRate)) : Math.Min(_plan.InFlight, MostPublishers);
            _interval = _plan.Rate > 0 || socket.MessagesPerSecond == 0 ? 0 : (long)(1e9 / (socket.MessagesPerSecond * ShareOfRate));
            if (wanted > MostPublishers)
            {
                throw CliException.Usage(
                    $"At {socket.MessagesPerSecond} messages a second for each connection, a rate of {_plan.Rate} would take {wanted} publishers.",
                    "Publish by --http, or raise Fanout:Limits:MessagesPerSecond for the test.");
            }
        }
        while (_publishers.Count < wanted);
    }

    private Task PublishAsync(TimeSpan time, string what) => _plan.Rate > 0 ? PaceAsync(time, what) : SaturateAsync(time, what);

    // 3, 4 at a rate: everything whose time has come, stamped with the time that was meant.
    private async Task PaceAsync(TimeSpan time, string what)
    {
        var interval = 1e9 / _plan.Rate;
        var start = Clock.Now;
        var count = (long)(time.TotalSeconds * _plan.Rate);
        for (long due = 0; due < count;)
        {
            for (var now = Clock.Now; due < count && start + (long)(due * interval) <= now; due++)
                Send(start + (long)(due * interval));
            Report(what, start, time);
            await Task.Delay(Tick, _run.Time, _run.Stopped);
        }

        // The last interval belongs to the time too.
        if (start + (long)(time.TotalSeconds * 1e9) - Clock.Now is > 0 and var left)
            await Task.Delay(TimeSpan.FromMicroseconds(left / 1e3), _run.Time, _run.Stopped);
    }

    // 3, 4 saturated: the next when one has reached everybody.
    private async Task SaturateAsync(TimeSpan time, string what)
    {
        var start = Clock.Now;
        var end = start + (long)(time.TotalSeconds * 1e9);
        while (Clock.Now < end)
        {
            Report(what, start, time);
            if (!await _window.WaitAsync(TimeSpan.FromMilliseconds(50), _run.Stopped))
                continue;
            while (!TryTurnToOneThatMay() && Clock.Now < end)
            {
                _wasHeldBack |= _publishers.Exists(publisher => publisher.Lost is null);
                await Task.Delay(Tick, _run.Time, _run.Stopped);
            }

            if (Clock.Now < end)
                Send(Clock.Now);
            else
                FreePlace();
        }
    }

    // The next publisher that is alive and below the nodes' limit for one connection.
    private bool TryTurnToOneThatMay()
    {
        var now = Clock.Now;
        for (var i = 0; i < _publishers.Count; i++, _next++)
        {
            var at = _next % _publishers.Count;
            if (_publishers[at].Lost is not null || _mayPublishAt[at] > now)
                continue;
            _mayPublishAt[at] = now + _interval;
            return true;
        }

        return false;
    }

    private void Send(long time)
    {
        if (_published >= MessageLedger.Capacity)
            throw new CliException(ExitCode.Failed, $"More than {MessageLedger.Capacity} messages are more than can be counted.");
        var number = _published++;
        _ledger.Begin(number);
        _ = _publishers[_next++ % _publishers.Count].PublishAsync(number, time, _ending.Token);
    }

    // It has reached everybody, or never will.
    private void FreePlace()
    {
        if (_plan.Rate == 0)
            _window.Release();
    }

    private void Report(string what, long start, TimeSpan time)
    {
        if (_status.IsDue)
            _status.Show(string.Create(CultureInfo.InvariantCulture, $"{what}: {(Clock.Now - start) / 1e9:0.0} of {time.TotalSeconds:0.#} s, {_published} published, {_ledger.Deliveries} delivered"));
    }

    // 5
    private async Task SettleAsync()
    {
        var (seen, since) = (-1L, Clock.Now);
        while (!_ledger.IsSettled(_published))
        {
            if (_ledger.Deliveries != seen)
                (seen, since) = (_ledger.Deliveries, Clock.Now);
            else if (Clock.Now - since > Patience.TotalMilliseconds * 1e6)
                return;
            _status.Show("waiting for what is on its way");
            await Task.Delay(TimeSpan.FromMilliseconds(50), _run.Time, _run.Stopped);
        }
    }

    private SortedDictionary<string, int> Losses()
    {
        var lost = _members.Select(member => member.Lost).Concat(_publishers.Select(publisher => publisher.Lost)).OfType<string>();
        return new SortedDictionary<string, int>(lost.CountBy(reason => reason).ToDictionary(), StringComparer.Ordinal);
    }

    // 6
    private async Task CloseAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Task.WhenAll(_members.Select(member => member.CloseAsync(deadline.Token)));
        await _ending.CancelAsync();
        await Task.WhenAll(_reading);
    }
}
