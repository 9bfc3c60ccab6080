namespace Fanout.Client.Connection;

/// <summary>An attempt to connect, and the connection that comes of it: what belongs to it ends with it.</summary>
internal sealed class Life
{
    /// <summary>In the turn in which it ends.</summary>
    public event Action? Ending;

    public bool IsOver { get; private set; }

    public void End()
    {
        if (IsOver)
            return;
        IsOver = true;
        Ending?.Invoke();
    }
}
