namespace Fanout.Tests.TestKit.Faults;

/// <summary>The client is whoever connected to the proxy; the target is what the proxy stands before.</summary>
[Flags]
public enum ProxyDirection
{
    None = 0,
    ToTarget = 1,
    ToClient = 2,
    Both = ToTarget | ToClient,
}
