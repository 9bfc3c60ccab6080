using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>Both subprotocols, for theories that hold in each.</summary>
public static class Formats
{
    public static TheoryData<string> Both => [TestClientOptions.Json, TestClientOptions.Msgpack];
}
