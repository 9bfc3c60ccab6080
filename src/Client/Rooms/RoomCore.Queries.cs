using Fanout.Client.Commands;
using Fanout.Client.Wire;

namespace Fanout.Client.Rooms;

/// <content>Questions about the room; one need not be a member. Not in turns.</content>
internal sealed partial class RoomCore
{
    public async Task<FanoutHistoryPage<FanoutPayload>> HistoryAsync(FanoutPosition? since, int? limit, CancellationToken cancellation)
    {
        var answer = await _host.Commands.CallAsync(
            "history", id => Frames.History(_host.Settings.Format, id, Name, since, limit), Resend.Again, null, cancellation);
        var (position, messages, more) = NodeMessages.ReadAnswer(answer, NodeMessages.ReadHistory);
        var page = messages.ConvertAll(message => ToMessage(
            message, position is { } newest && message.Offset is { } offset ? newest with { Offset = offset } : null));
        return new FanoutHistoryPage<FanoutPayload>(page, position, more && page.Count > 0 ? page[^1].Position : null);
    }

    public async Task<FanoutPresencePage> PresenceAsync(bool countOnly, string? after, int? limit, CancellationToken cancellation)
    {
        var answer = await _host.Commands.CallAsync(
            "presence", id => Frames.Presence(_host.Settings.Format, id, Name, countOnly, after, limit), Resend.Again, null, cancellation);
        return NodeMessages.ReadAnswer(answer, NodeMessages.ReadPresence);
    }
}
