using Fanout.Node.Lanes.Preparation;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Lanes;

/// <summary>Gives a lane the kept messages that its members have missed.</summary>
internal interface ICatchUpSource
{
    /// <summary>Where the room is on this node.</summary>
    RoomPosition? Position { get; }

    /// <summary>So many messages are kept.</summary>
    int HistorySize { get; }

    /// <summary>Begins to read the page in which the message at an offset stands; the page is shared with others that need it.</summary>
    /// <param name="client">Whom it is for: what would be costly to make for it on the lane is ready when the page comes.</param>
    /// <param name="onPage">Called from anywhere when it is read, which may take as long as the backplane is away.</param>
    void Read(long offset, ILaneClient client, Action<CatchUpPage> onPage);

    /// <summary>The history was overtaken while a member caught up.</summary>
    void OnOvertaken();
}

/// <summary>Kept messages in order.</summary>
/// <param name="Epoch">The epoch at the time of the reading.</param>
/// <param name="Newest">The room's newest offset at that time.</param>
/// <param name="First">Offset of the first message; past the newest where there is none.</param>
/// <param name="Last">Offset of the last one; the newest where there is none.</param>
internal sealed record CatchUpPage(string Epoch, long Newest, long First, long Last, IReadOnlyList<RoomMessage> Messages)
{
    /// <summary>Whether it ends before what was asked for, although there is more: its messages are large.</summary>
    public bool IsShort { get; init; }

    private readonly Lock _gate = new();
    private List<(MessageForms Forms, PagePreparation Preparation)>? _prepared;

    /// <summary>Completes when the messages are ready for a client; null where they are now. Each form is made once for all who share the page.</summary>
    public Task? PreparedFor(ILaneClient client, MessagePreparer preparer)
    {
        var forms = FormCounts.Of(client);
        if (!Messages.Any(message => preparer.CostlyForms(message, forms) is not MessageForms.None))
            return null;
        lock (_gate)
        {
            foreach (var (made, known) in _prepared ?? [])
            {
                if ((made & forms) == forms)
                    return known.Done.IsCompleted ? null : known.Done;
            }

            var preparation = new PagePreparation(Messages, forms, preparer);
            (_prepared ??= new(1)).Add((forms, preparation));
            preparer.Schedule(preparation);
            return preparation.Done;
        }
    }

    /// <summary>Whether the page tells what comes at this offset.</summary>
    public bool Covers(long offset) => offset >= First && offset <= Last;
}
