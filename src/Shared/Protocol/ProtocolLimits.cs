namespace Fanout.Shared.Protocol;

/// <summary>Sizes that are part of the contract, or that both ends must agree on. Limits that an operator may set live in the node.</summary>
public static class ProtocolLimits
{
    /// <summary>Longest <c>id</c> of a request, in characters.</summary>
    public const int MaxIdLength = 64;

    /// <summary>Longest room name, in bytes.</summary>
    public const int MaxRoomNameBytes = 128;

    /// <summary>Longest idempotency key, in characters: room for a UUID with a prefix and then some.</summary>
    public const int MaxKeyLength = 128;

    /// <summary>Longest <c>method</c> of a request, in characters.</summary>
    public const int MaxMethodLength = 128;

    /// <summary>Deepest nesting of a message, the envelope included: what System.Text.Json takes by default.</summary>
    public const int MaxDepth = 64;

    /// <summary>Default message limit in bytes.</summary>
    public const int DefaultMaxMessageBytes = 1024 * 1024;

    /// <summary>Most items in one page of members or history.</summary>
    public const int MaxPageSize = 1000;

    /// <summary>Items in a page where the caller names no limit.</summary>
    public const int DefaultPageSize = 100;

    /// <summary>So many undecodable messages in a row close with <see cref="CloseCode.ProtocolAbuse"/>.</summary>
    public const int MaxBadMessagesInARow = 10;
}
