using Fanout.Shared.Protocol;

namespace Fanout.Node.Lanes;

/// <summary>Sends one frame to every connection of a lane. Keeps no state, so that one serves all lanes.</summary>
internal sealed class SendToAllWork(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> messagePack) : ILaneWork
{
    public void Run(Lane lane)
    {
        foreach (var client in lane.Clients.Values)
            client.Send(client.Format == WireFormat.Json ? json : messagePack, null);
    }
}
