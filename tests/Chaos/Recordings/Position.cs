namespace Fanout.Tests.Chaos.Recordings;

/// <summary>A place in a room with history.</summary>
public readonly record struct Position(string Epoch, long Offset)
{
    // Epochs are 32 hex digits; the first few tell them apart in a failure.
    public override string ToString() => $"{(Epoch.Length > 6 ? Epoch[..6] : Epoch)};{Offset}";
}
