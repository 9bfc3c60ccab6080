namespace Fanout.Tests.TestKit.Clients;

/// <summary>Where a client puts its token.</summary>
public enum TokenPlace
{
    Header,
    Subprotocol,
    Query,
}
