using Fanout.Tests.TestKit.Redis;
using Xunit;

[assembly: AssemblyFixture(typeof(RedisFixture))]
