using System.Text;
using Fanout.Node.Webhooks;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Webhooks;

public sealed class WebhookPlanTests
{
    [Theory]
    [InlineData(WebhookEvents.RoomOccupied, "chat.1", true)]
    [InlineData(WebhookEvents.RoomOccupied, "other", false)]
    [InlineData(WebhookEvents.RoomVacated, "chat.1", false)]
    [InlineData(WebhookEvents.RoomOccupied, "$user.ann", false)]
    [InlineData(WebhookEvents.UserOnline, "$user.ann", true)]
    [InlineData(WebhookEvents.UserOnline, "chat.1", false)]
    public void Receiver_WantsItsEventsOfItsRooms(string type, string room, bool wants)
    {
        var plan = new WebhookPlan([new WebhookOptions { Url = "http://x/", Rooms = "chat.*", Events = [WebhookEvents.RoomOccupied, WebhookEvents.UserOnline] }], new WebhookQueueOptions());

        Assert.Equal(wants, plan.Wants(type, room));
    }

    [Fact]
    public void ReplayedEvent_IsForOneReceiverAlone()
    {
        var plan = new WebhookPlan(
            [
                new WebhookOptions { Name = "a", Url = "http://x/", Events = [WebhookEvents.RoomOccupied] },
                new WebhookOptions { Name = "b", Url = "http://x/", Events = [WebhookEvents.RoomOccupied] },
            ],
            new WebhookQueueOptions());
        var replayed = new QueuedEvent(1, WebhookEvents.RoomOccupied, "room", "b", default);

        Assert.Equal([false, true], plan.Endpoints.Select(endpoint => endpoint.Wants(replayed)));
        Assert.Equal([true, true], plan.Endpoints.Select(endpoint => endpoint.Wants(replayed with { Target = null })));
    }

    // What is kept under a receiver's name is found again after a restart.
    [Fact]
    public void ReceiverWithoutName_IsNamedByItsUrl_AlwaysTheSame()
    {
        Assert.Matches("^url-[0-9a-f]{12}$", WebhookEndpoint.NameOf(new WebhookOptions { Url = "http://x/" }));
        Assert.Equal(WebhookEndpoint.NameOf(new WebhookOptions { Url = "http://x/" }), WebhookEndpoint.NameOf(new WebhookOptions { Url = "http://x/" }));
        Assert.NotEqual(WebhookEndpoint.NameOf(new WebhookOptions { Url = "http://x/" }), WebhookEndpoint.NameOf(new WebhookOptions { Url = "http://y/" }));
    }

    [Fact]
    public void EventOfAUserRoom_NamesTheUser()
    {
        var json = Encoding.UTF8.GetString(WebhookEvents.WriteOccupancy(WebhookEvents.UserOnline, UserRoom.TryNameFor("ann/ö")!, DateTimeOffset.FromUnixTimeMilliseconds(1795601234000)));

        Assert.Contains("\"timestamp\":1795601234000,\"userId\":\"ann/\\u00F6\"", json, StringComparison.Ordinal);
    }
}
