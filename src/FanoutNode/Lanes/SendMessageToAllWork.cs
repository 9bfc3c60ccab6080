namespace Fanout.Node.Lanes;

/// <summary>Sends a message to every connection of a lane. Keeps no state, so that one serves all lanes. Posted as counted work.</summary>
internal sealed class SendMessageToAllWork(RoomMessage message) : ILaneWork
{
    public void Run(Lane lane)
    {
        lane.CountOut();
        var delivered = 0;
        foreach (var client in lane.Clients.Values)
        {
            if (client.ClientId == message.ExcludedClientId)
                continue;
            client.Send(message.FrameFor(client), null);
            delivered++;
        }

        lane.Metrics.Delivered(delivered);
        var (measures, isTimed) = (lane.Metrics.MeasuresDeliveries, lane.IsTimed);
        var now = measures || isTimed ? lane.Clock.Microseconds : 0;
        if (measures)
            lane.Metrics.DeliveryTook(now, message.Timestamp);
        if (isTimed)
            lane.Times.Add(now - (message.Timestamp * 1000), delivered);
        message.Trace?.Done(message, delivered, []);
    }
}
