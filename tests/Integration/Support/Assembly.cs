using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Redis;
using Xunit;

// One Redis, and one node in memory, for everybody who does not break them. Tests keep out of each other's way by their rooms.
[assembly: AssemblyFixture(typeof(RedisFixture))]
[assembly: AssemblyFixture(typeof(MemoryNode))]
