namespace Fanout.Tests.TestKit.Clients.Wire;

/// <summary>Bytes to be written as they are.</summary>
internal sealed record MsgpackRaw(byte[] Bytes);
