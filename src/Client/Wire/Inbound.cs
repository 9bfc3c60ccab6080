using Fanout.Shared.Protocol;

namespace Fanout.Client.Wire;

/// <summary>Any message of a node; what the payload means follows from the type.</summary>
internal sealed class Inbound
{
    public string Type { get; set; } = "";

    public string? Id { get; set; }

    public string? Room { get; set; }

    public long? Offset { get; set; }

    public long Timestamp { get; set; }

    public FanoutSender? From { get; set; }

    public WireValue Payload { get; set; }

    /// <summary>The answer to a command. (The id of a message names the message.)</summary>
    public bool IsAnswer => Id is not null && Type != MessageTypes.Message;
}
