using Fanout.Tests.Browser.Support;
using Fanout.Tests.TestKit.Redis;
using Xunit;

// One Chromium and one Redis for all tests. Each test opens a context of its own: pages of different tests share nothing.
[assembly: AssemblyFixture(typeof(BrowserFixture))]
[assembly: AssemblyFixture(typeof(RedisFixture))]
