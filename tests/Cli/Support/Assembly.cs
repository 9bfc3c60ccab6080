using Fanout.Tests.TestKit.Redis;
using Xunit;

// One Redis for all who do not break theirs. Tests keep out of each other's way by their rooms and users.
[assembly: AssemblyFixture(typeof(RedisFixture))]
