namespace Fanout.Client.Commands;

/// <summary>The connection of the moment, as commands and publishes see it. Used in turns.</summary>
internal interface ILine
{
    bool IsReady { get; }

    void Send(ReadOnlyMemory<byte> frame);
}

/// <summary>A message that may have been too large for the node.</summary>
internal readonly record struct Suspect(int Size, Action<FanoutException> Fail);
