namespace Fanout.Tests.TestKit.Sockets;

/// <summary>How a frame says its length; only <see cref="Minimal"/> is legal for every length.</summary>
public enum LengthEncoding
{
    Minimal,
    Bits16,
    Bits64,
}
