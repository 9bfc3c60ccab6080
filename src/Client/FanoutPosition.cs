namespace Fanout.Client;

/// <summary>"I have everything up to here": what to store, and to begin behind another day.</summary>
/// <param name="Epoch">Names one life of the room's offsets; offsets of different epochs cannot be compared.</param>
/// <param name="Offset">The last message seen; 0 before the first.</param>
public readonly record struct FanoutPosition(string Epoch, long Offset);
