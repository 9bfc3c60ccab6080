using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Compression;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Lanes.Preparation;

/// <summary>Which forms of a message are made, when, and for whom.</summary>
public sealed class RoomMessageFormsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;
    private readonly LaneSet _lanes;
    private readonly MessagePreparer _preparer;

    public RoomMessageFormsTests()
    {
        _metrics = new FanoutMetrics(_services.GetRequiredService<IMeterFactory>());
        _lanes = new LaneSet(new LaneOptions { Count = 1 }, TimeProvider.System, _metrics, NullLogger<Lane>.Instance);
        _preparer = new MessagePreparer(new CompressionOptions(), _metrics, NullLogger<MessagePreparer>.Instance);
    }

    [Fact]
    public void Form_IsMadeOnce_HoweverManyAsk()
    {
        var message = NewMessage(5_000);
        var frames = new System.Collections.Concurrent.ConcurrentBag<byte[]>();

        Parallel.For(0, 32, _ =>
        {
            message.Prepare(MessageForms.DeflatedJson | MessageForms.DeflatedMessagePack);
            frames.Add(message.DeflatedFrame(WireFormat.Json));
        });

        Assert.All(frames, frame => Assert.Same(message.DeflatedFrame(WireFormat.Json), frame));
        Assert.NotSame(message.Frame(WireFormat.Json), message.DeflatedFrame(WireFormat.Json));
        Assert.NotSame(message.DeflatedFrame(WireFormat.Json), message.DeflatedFrame(WireFormat.MessagePack));
    }

    [Theory]
    [InlineData(1_023, MessageForms.None)]
    [InlineData(1_024, MessageForms.DeflatedJson)]
    [InlineData(16 * 1024, MessageForms.DeflatedJson)]
    [InlineData((16 * 1024) + 1, MessageForms.DeflatedJson | MessageForms.Json | MessageForms.MessagePack)]
    public void CostlyForms_AreThoseThatSomebodyTakes(int length, object costly)
    {
        var counts = default(FormCounts);
        counts.Add(new Client(WireFormat.Json, int.MaxValue), 1);
        counts.Add(new Client(WireFormat.MessagePack, 0), 1);

        Assert.Equal(costly, _preparer.CostlyForms(NewMessage(length), counts.InUse));
    }

    [Fact]
    public void CostlyForms_AreNone_WhereNobodyTakesThem()
    {
        var counts = default(FormCounts);
        var client = new Client(WireFormat.Json, int.MaxValue);
        counts.Add(client, 1);
        counts.Add(client, -1);

        Assert.Equal(MessageForms.None, _preparer.CostlyForms(NewMessage(100_000), counts.InUse));
    }

    // A client with a window of its own gets what nobody could have compressed beyond it.
    [Fact]
    public void Client_GetsTheCompressedForm_UpToItsWindow()
    {
        var message = NewMessage(3_000);
        message.Prepare(MessageForms.DeflatedJson);
        var plain = message.Frame(WireFormat.Json);

        Assert.Same(message.DeflatedFrame(WireFormat.Json), message.FrameFor(new Client(WireFormat.Json, int.MaxValue)));
        Assert.Same(message.DeflatedFrame(WireFormat.Json), message.FrameFor(new Client(WireFormat.Json, 4_096)));
        Assert.Same(plain, message.FrameFor(new Client(WireFormat.Json, 2_048)));
        Assert.Same(plain, message.FrameFor(new Client(WireFormat.Json, 0)));
        Assert.Same(message.Frame(WireFormat.MessagePack), message.FrameFor(new Client(WireFormat.MessagePack, int.MaxValue)));
    }

    // The other format's form may be made while this one is handed out, and be longer than what the client was looked at for.
    [Fact]
    public void CompressedForm_ThatIsLongerThanAskedFor_IsNotHandedOut()
    {
        var message = NewMessage(3_000);
        message.Prepare(MessageForms.DeflatedJson | MessageForms.DeflatedMessagePack);
        var plain = message.Frame(WireFormat.Json);

        Assert.NotSame(plain, message.DeflatedFrame(WireFormat.Json, plain.Length));
        Assert.Same(plain, message.DeflatedFrame(WireFormat.Json, plain.Length - 1));
    }

    // Whatever was not made ready goes out plain: a lane compresses nothing.
    [Fact]
    public void Lane_CompressesNothingItself()
    {
        var message = NewMessage(50_000);

        Assert.Same(message.Frame(WireFormat.Json), message.FrameFor(new Client(WireFormat.Json, int.MaxValue)));
        Assert.Equal(0, message.LargestDeflated);
    }

    [Fact]
    public void Block_MixesCompressedAndPlainMessages()
    {
        var messages = new[] { NewMessage(10), NewMessage(3_000), NewMessage(20) };
        messages[1].Prepare(MessageForms.DeflatedJson);
        var block = new BlockFrames(messages);

        var (wide, narrow) = (block.For(new Client(WireFormat.Json, int.MaxValue)), block.For(new Client(WireFormat.Json, 1_000)));

        Assert.Equal([.. messages[0].Frame(WireFormat.Json), .. messages[1].DeflatedFrame(WireFormat.Json), .. messages[2].Frame(WireFormat.Json)], wide.ToArray());
        Assert.Equal([.. messages.SelectMany(message => message.Frame(WireFormat.Json))], narrow.ToArray());
    }

    [Fact]
    public void Message_ThatCannotBeMadeReady_IsNamedInTheLog()
    {
        var log = new FakeLogger<MessagePreparer>();
        var message = new RoomMessage { Room = NewMessage(2).Room, Id = "the-message", Timestamp = 1, Payload = new Payload(WireFormat.Json, "{"u8.ToArray()) };

        new MessagePreparer(new CompressionOptions(), _metrics, log).Prepare(message, MessageForms.MessagePack);

        Assert.Equal((1720, "the-message"), (log.LatestRecord.Id.Id, log.LatestRecord.GetStructuredStateValue("MessageId")));
    }

    public void Dispose()
    {
        _lanes.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    private RoomMessage NewMessage(int length) => new()
    {
        Room = new Room("room", new RoomPolicy(0, TimeSpan.Zero, false, Overflow.Disconnect), _lanes),
        Id = "0123456789abcdef",
        Timestamp = 1,
        Payload = new Payload(WireFormat.Json, Encoding.UTF8.GetBytes('"' + string.Concat(Enumerable.Repeat("words ", (length / 6) + 1))[..(length - 2)] + '"')),
    };

    private sealed class Client(WireFormat format, int largestDeflated) : ILaneClient
    {
        public string ClientId => "c";

        public WireFormat Format => format;

        public int LargestDeflated => largestDeflated;

        public bool IsDrained => true;

        public long TimerSlot { get; set; }

        public void Send(ReadOnlyMemory<byte> frames, LaneRoom? room)
        {
        }

        public void ForgetNewest(LaneRoom room)
        {
        }

        public void WhenDrained(ILaneWork work)
        {
        }

        public long OnTimer(Lane lane, long now) => long.MaxValue;
    }
}
