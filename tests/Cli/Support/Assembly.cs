using Fanout.Tests.Cli.Support;
using Fanout.Tests.TestKit.Redis;
using Xunit;

// One Redis and one pair of nodes for all who do not break them. Tests keep out of each other's way by their rooms and users.
[assembly: AssemblyFixture(typeof(RedisFixture))]
[assembly: AssemblyFixture(typeof(Installation))]
