namespace Fanout.Client;

/// <summary>What is spoken with the node, and what a payload is made of. Members of one room may speak different ones.</summary>
public enum FanoutFormat
{
    /// <summary>UTF-8 JSON.</summary>
    Json = 0,

    /// <summary>MessagePack, without extension types and with strings as keys.</summary>
    MessagePack = 1,
}
