using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Backplane;
using Fanout.Node.Compression;
using Fanout.Node.Diagnostics;
using Fanout.Node.History;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;
using Fanout.Tests.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanout.Tests.Unit.History;

/// <summary>A room with a sequencer on one real lane, over a log and a subscription that the test plays.</summary>
internal sealed class RoomRig : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;

    /// <param name="prepares">Whether large messages are made ready beside the lane, as on a node.</param>
    public RoomRig(int historySize = 256, int inboxCapacity = 16_384, bool prepares = false, ILogger<HistoryContext>? log = null)
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1, InboxCapacity = inboxCapacity }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        Room = new Room("room", new RoomPolicy(historySize, TimeSpan.FromMinutes(5), false, Overflow.Disconnect), _lanes, prepares ? new MessagePreparer(new CompressionOptions(), _metrics, NullLogger<MessagePreparer>.Instance) : null);
        Sequencer = new Sequencer(Room, Log, new HistoryContext(TimeProvider.System, _metrics, log ?? NullLogger<HistoryContext>.Instance));
        Room.UseSequencer(Sequencer);
    }

    public FakeLog Log { get; } = new();

    public Room Room { get; }

    public Sequencer Sequencer { get; }

    public Lane Lane => _lanes[0];

    /// <summary>Lets a member in, with what it has already.</summary>
    public async Task<RecordingMember> JoinAsync(long? since = null, string? epoch = null)
    {
        await Sequencer.EnsurePositionedAsync();
        var client = new RecordingMember();
        var plan = await Sequencer.PlanAsync(new JoinRequest(
            "1", "room", since is { } offset ? new RoomPosition(epoch ?? Log.Epoch, offset) : null, null, false, false));
        client.Recovered = plan.Recovered;
        Sequencer.Enter(Lane, client, at => new Work(lane =>
        {
            lane.Clients.Add(client.ClientId, client);
            Room.OnLane(lane).Add(lane, new LaneMember(client, Room.OnLane(lane)), at, plan.From);
        }));
        return client;
    }

    /// <summary>The subscription brings an entry.</summary>
    public void Hear(LogEntry entry, string? epoch = null) =>
        Sequencer.OnMessage(Encoding.ASCII.GetBytes(epoch ?? Log.Epoch), entry.Offset, entry.Data);

    /// <summary>Waits until the lane has done all that was posted before.</summary>
    public Task SettleAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Work that was posted by what ran before comes first; what the round has gathered is sent at its end only, so it is sent here.
        Lane.Post(new Work(lane => lane.Post(new Work(_ =>
        {
            Room.OnLane(lane).Flush(lane);
            done.SetResult();
        }))));
        return done.Task.WithDeadline("the lane to do its work");
    }

    /// <summary>Waits until a member has got exactly these offsets, in this order.</summary>
    public static Task ExpectAsync(RecordingMember member, params long[] offsets) =>
        Eventually.TrueAsync(
            () => member.Offsets.SequenceEqual(offsets), $"the offsets {string.Join(' ', offsets)}", context: () => string.Join(' ', member.Offsets));

    public void Dispose()
    {
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    internal sealed class Work(Action<Lane> action) : ILaneWork
    {
        public void Run(Lane lane) => action(lane);
    }
}
