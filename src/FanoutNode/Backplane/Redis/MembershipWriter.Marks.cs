namespace Fanout.Node.Backplane.Redis;

/// <summary>The part of the writer that marks, for webhooks, what its changes may have changed for the whole cluster.</summary>
internal sealed partial class MembershipWriter
{
    // Until Redis has them. The notes of a room stay as long, so that a reaper finds it if this node dies before.
    private readonly HashSet<string> _toMark = [];

    // Rooms that Redis had otherwise than this node, until they are put right: what webhooks were told of them meanwhile may be wrong.
    private readonly HashSet<string> _mended = [];

    // Only the first member of a room on this node can be the first of all, and only the last one here the last of all. One whose connection
    // was lost may be in Redis no more, since another node's has taken its place: it counts for neither.
    private void NoteMarks(MembershipChanges written)
    {
        if (!marks.IsOn)
            return;
        foreach (var (room, changes) in written.ByRoom)
        {
            var before = _record.ByRoom.GetValueOrDefault(room);
            if (_mended.Remove(room))
                _toMark.UnionWith(marks.AllOf(room));
            var isEntered = (before is null || before.Values.All(member => member.IsLeaving)) && changes.Values.Any(change => change.IsIn);
            var isEmptied = changes.Values.Any(change => !change.IsIn)
                && !changes.Values.Any(change => change.IsIn)
                && (before is null || before.All(member => member.Value.IsLeaving || changes.ContainsKey(member.Key)));
            _toMark.UnionWith(marks.Of(room, isEntered, isEmptied));
        }
    }

    private async Task MarkAsync()
    {
        if (_toMark.Count == 0)
            return;
        await marks.MarkAsync(_toMark);
        _toMark.Clear();
    }
}
