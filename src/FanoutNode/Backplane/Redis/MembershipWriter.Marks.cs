namespace Fanout.Node.Backplane.Redis;

/// <summary>The part of the writer that marks, for webhooks, what its changes may have changed for the whole cluster.</summary>
internal sealed partial class MembershipWriter
{
    // Until Redis has them. The notes of a room stay as long, so that a reaper finds it if this node dies before.
    private readonly HashSet<string> _toMark = [];

    // Only the first member of a room on this node can be the first of all, and only the last one here the last of all.
    private void NoteMarks(MembershipChanges written)
    {
        if (!marks.IsOn)
            return;
        foreach (var (room, changes) in written.ByRoom)
        {
            var before = _record.ByRoom.GetValueOrDefault(room);
            var isEntered = before is null && changes.Values.Any(change => change.IsIn);
            var isEmptied = changes.Values.Any(change => !change.IsIn)
                && !changes.Values.Any(change => change.IsIn)
                && (before is null || before.Keys.All(changes.ContainsKey));
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
