using Fanout.Tests.Chaos.Checking;
using Fanout.Tests.Chaos.Mutations;
using Fanout.Tests.Chaos.Recordings;
using Xunit;

namespace Fanout.Tests.Chaos;

/// <summary>The checker itself: it accepts what keeps the promises, and finds what does not.</summary>
public sealed class CheckerTests
{
    private static readonly RoomRules Deep = new("room", RoomKind.Sequenced, 1000, TimeSpan.FromMinutes(5));

    public static TheoryData<string> Mutations => [.. Mutation.All.Select(mutation => mutation.Name)];

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 700)]
    [InlineData(4, 300)]
    public void Checker_WhenEveryPromiseIsKept_FindsNothing(int seed, int restartEvery) =>
        Assert.Empty(Checker.Check(new SimulatedRun(seed).Run(restartEvery: restartEvery)));

    [Theory]
    [MemberData(nameof(Mutations))]
    public void Checker_WhenTheNodeIsBroken_FindsIt(string name)
    {
        var mutation = Mutation.All.Single(mutation => mutation.Name == name);

        Assert.NotEmpty(Checker.Check(mutation.Apply(new SimulatedRun(5).Run())));
        Assert.NotEmpty(Checker.Check(mutation.Apply(new SimulatedRun(6, Deep).Run(restartEvery: 1000))));
    }

    [Fact]
    public void NotRecovered_WhenHistoryIsTrimmed_IsTrue()
    {
        var recording = Recording(new RoomRules("room", RoomKind.Sequenced, 2, TimeSpan.FromMinutes(5)), messages: 9);

        Assert.Empty(Checker.Check(Add(recording, new Joined(At(10), At(1, 3), At(1, 9), Recovered: false))));
    }

    [Fact]
    public void NotRecovered_WhenHistoryReachesBack_IsFalse()
    {
        var recording = Recording(Deep, messages: 9);

        var violation = Assert.Single(Checker.Check(Add(recording, new Joined(At(10), At(1, 3), At(1, 9), Recovered: false))));

        Assert.Equal(ViolationKind.FalselyNotRecovered, violation.Kind);
    }

    [Fact]
    public void NotRecovered_WhenTheSilenceWasLongerThanTheTtl_IsTrue()
    {
        var recording = Recording(new RoomRules("room", RoomKind.Sequenced, 100, TimeSpan.FromSeconds(5)), messages: 9);

        Assert.Empty(Checker.Check(Add(recording, new Joined(At(15), At(1, 3), At(1, 9), Recovered: false))));
    }

    [Fact]
    public void NotRecovered_WhenTheTtlWasNotOver_IsFalse()
    {
        var recording = Recording(new RoomRules("room", RoomKind.Sequenced, 100, TimeSpan.FromSeconds(5)), messages: 9);

        var violation = Assert.Single(Checker.Check(Add(recording, new Joined(At(13), At(1, 3), At(1, 9), Recovered: false))));

        Assert.Equal(ViolationKind.FalselyNotRecovered, violation.Kind);
    }

    [Fact]
    public void NotRecovered_WhenThereIsNothingToSend_IsFalseEvenAfterTheTtl()
    {
        var recording = Recording(new RoomRules("room", RoomKind.Sequenced, 100, TimeSpan.FromSeconds(5)), messages: 9);

        var violations = Checker.Check(Add(recording, new Joined(At(60), At(1, 9), At(1, 9), Recovered: false)));

        Assert.Equal(ViolationKind.FalselyNotRecovered, Assert.Single(violations).Kind);
    }

    [Fact]
    public void NewEpoch_WithoutARestartOfRedis_IsFound()
    {
        var recording = Recording(Deep, messages: 9);

        var violation = Assert.Single(Checker.Check(Add(recording, new Joined(At(10), At(1, 3), At(2, 0), Recovered: false))));

        Assert.Equal(ViolationKind.EpochWithoutCause, violation.Kind);
    }

    [Fact]
    public void NewEpoch_AfterARestartOfRedis_IsTrue()
    {
        var recording = Recording(Deep, messages: 9) with { Outages = [new Outage(At(9.5), At(9.6), Wiped: false)] };

        Assert.Empty(Checker.Check(Add(recording, new Joined(At(10), At(1, 3), At(2, 0), Recovered: false))));
    }

    [Fact]
    public void Recovered_WhenAMessageIsMissingBehindIt_IsFound()
    {
        var recording = Recording(Deep, messages: 9);

        var violations = Checker.Check(Add(recording, new Joined(At(10), At(1, 3), At(1, 3), Recovered: true), new Received(At(10), 5, "m5", 1, 5)));

        Assert.Equal(ViolationKind.Missing, Assert.Single(violations).Kind);
    }

    [Fact]
    public void Joined_BeyondEverythingPublished_IsFound()
    {
        var recording = Recording(Deep, messages: 9);

        var violations = Checker.Check(Add(recording, new Joined(At(10), null, At(1, 12), Recovered: false)));

        Assert.Equal(ViolationKind.PositionAhead, Assert.Single(violations).Kind);
    }

    [Fact]
    public void LiveRoom_WhenTwoMembersSeeTwoOrders_IsFound()
    {
        var rules = new RoomRules("room", RoomKind.Live, 0, TimeSpan.Zero);
        PublishRecord[] publishes = [new("room", 1, 1, At(1), null), new("room", 2, 1, At(1), null)];
        Track Seen(string name, params int[] publishers) => new(
            name, "room", [new Joined(At(0), null, null, false), .. publishers.Select(publisher => new Received(At(2), null, $"p{publisher}", publisher, 1))]);

        var same = new Recording([rules], publishes, [Seen("a", 1, 2), Seen("b", 1, 2)], [], null, []);
        var different = same with { Tracks = [Seen("a", 1, 2), Seen("b", 2, 1)] };

        Assert.Empty(Checker.Check(same));
        Assert.Equal(ViolationKind.OrderDiffers, Assert.Single(Checker.Check(different)).Kind);
    }

    /// <summary>One publisher, a message a second, each acknowledged at once; nobody listens.</summary>
    private static Recording Recording(RoomRules rules, int messages) => new(
        [rules],
        [.. Enumerable.Range(1, messages).Select(n => new PublishRecord("room", 1, n, At(n), new PublishAck(At(n), At(1, n), $"m{n}")))],
        [], [], null, []);

    private static Recording Add(Recording recording, params TrackEvent[] events) => recording with { Tracks = [new Track("subscriber", "room", events)] };

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static Position At(int epoch, long offset) => new($"epoch-{epoch}", offset);
}
