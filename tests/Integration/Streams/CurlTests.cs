using System.Diagnostics;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Integration.Streams;

/// <summary><c>curl -N</c>, as somebody at a terminal uses it.</summary>
public sealed class CurlTests(MemoryNode memory)
{
    [Fact]
    public async Task Curl_ShowsEachEventAsItComes()
    {
        var room = Rooms.New();
        using var curl = Process.Start(new ProcessStartInfo("curl", ["-sN", "--noproxy", "*", new Uri(memory.Node.BaseUri, "/sse?rooms=" + room).ToString()])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            await LineAsync(line => line == "event: joined");
            for (var i = 1; i <= 3; i++)
            {
                // The next one is published only when the last one was seen: nothing may wait in a buffer on the way.
                Assert.True((await memory.Node.Api.PublishAsync(room, $"m{i}")).IsSuccess);
                var id = await LineAsync(line => line.StartsWith($"id: {room};", StringComparison.Ordinal) && line.EndsWith($";{i}", StringComparison.Ordinal));
                Assert.NotNull(id);
                Assert.Contains($"\"payload\":\"m{i}\"", await LineAsync(line => line.StartsWith("data: ", StringComparison.Ordinal)), StringComparison.Ordinal);
            }
        }
        finally
        {
            curl.Kill();
            await curl.WaitForExitAsync(TestContext.Current.CancellationToken).WithDeadline("the end of curl");
        }

        async Task<string> LineAsync(Func<string, bool> wanted)
        {
            while (true)
            {
                var line = await curl.StandardOutput.ReadLineAsync().WithDeadline("a line of curl", context: memory.Node.Process.LogTail) ?? throw new InvalidOperationException("curl ended");
                if (wanted(line))
                    return line;
            }
        }
    }
}
