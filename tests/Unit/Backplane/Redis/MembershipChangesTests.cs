using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Redis;
using Xunit;

namespace Fanout.Tests.Unit.Backplane.Redis;

public sealed class MembershipChangesTests
{
    private readonly MembershipChanges _changes = new();

    [Fact]
    public void Set_OfANewerWish_TakesTheOldersPlace_AndFreesWhoWaited()
    {
        var older = Wish("a", MembershipWish.In);
        var newer = Wish("a", MembershipWish.Out);

        _changes.Set("room", older);
        _changes.Set("room", newer);

        Assert.Equal(newer, Assert.Single(_changes.ByRoom["room"]).Value);
        Assert.True(older.Done!.Task.IsCompletedSuccessfully);
        Assert.False(newer.Done!.Task.IsCompleted);
    }

    // What could not be written comes back, but never over what was wished meanwhile.
    [Fact]
    public void Restore_IsForWishesThatNobodyReplaced()
    {
        var newer = Wish("a", MembershipWish.Out);
        _changes.Set("room", newer);

        _changes.Restore("room", Wish("a", MembershipWish.In));
        _changes.Restore("room", Wish("b", MembershipWish.In));

        Assert.Equal(newer, _changes.ByRoom["room"]["a"]);
        Assert.True(_changes.ByRoom["room"]["b"].IsIn);
        Assert.False(newer.Done!.Task.IsCompleted);
    }

    [Fact]
    public void Rooms_AndClients_AreKeptApart()
    {
        Assert.True(_changes.IsEmpty);

        _changes.Set("one", Wish("a", MembershipWish.In));
        _changes.Set("two", Wish("a", MembershipWish.Out));
        _changes.Set("two", Wish("b", MembershipWish.Leaving));

        Assert.False(_changes.IsEmpty);
        Assert.Equal([1, 2], _changes.ByRoom.Values.Select(clients => clients.Count).Order());
    }

    // Who is about to be replaced silently is still a member.
    [Theory]
    [InlineData(nameof(MembershipWish.In), true)]
    [InlineData(nameof(MembershipWish.Leaving), true)]
    [InlineData(nameof(MembershipWish.Out), false)]
    public void Wish_SaysWhetherTheClientIsAMember(string wish, bool isIn) => Assert.Equal(isIn, Wish("a", Enum.Parse<MembershipWish>(wish)).IsIn);

    private static MembershipChange Wish(string client, MembershipWish wish) =>
        new(new ClientIdentity(client, null, null, DateTimeOffset.UnixEpoch), wish, null, new TaskCompletionSource<long>());
}
