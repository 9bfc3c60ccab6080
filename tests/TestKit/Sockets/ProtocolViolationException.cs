namespace Fanout.Tests.TestKit.Sockets;

/// <summary>The server sent what RFC 6455 or the contract forbids.</summary>
public sealed class ProtocolViolationException(string message, Exception? inner = null) : Exception(message, inner);
