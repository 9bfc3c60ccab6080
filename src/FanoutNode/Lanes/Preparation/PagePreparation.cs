namespace Fanout.Node.Lanes.Preparation;

/// <summary>A page of kept messages that is made ready for some of those who read it.</summary>
internal sealed class PagePreparation(IReadOnlyList<RoomMessage> messages, MessageForms forms, MessagePreparer preparer) : IPreparation
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;

    /// <summary>Completes when all are ready.</summary>
    public Task Done => _done.Task;

    public bool RunTurn()
    {
        for (var bytes = 0; bytes < MessagePreparer.BytesPerTurn && _next < messages.Count; _next++)
        {
            if (preparer.CostlyForms(messages[_next], forms) is MessageForms.None)
                continue;
            preparer.Prepare(messages[_next], forms);
            bytes += messages[_next].Size;
        }

        if (_next < messages.Count)
            return true;
        _done.TrySetResult();
        return false;
    }
}
