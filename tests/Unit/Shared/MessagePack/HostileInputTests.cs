using System.Diagnostics;
using System.Text;
using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class HostileInputTests
{
    private const int Levels = 10_000;

    [Theory]
    [InlineData("ddffffffff")]
    [InlineData("dfffffffff")]
    [InlineData("dbffffffff")]
    [InlineData("c6ffffffff")]
    [InlineData("c9ffffffff01")]
    public void EveryPart_WhenAHeaderAnnouncesFourBillion_RefusesItAtOnce(string hex)
    {
        // A megabyte behind the header: enough to tell a walk through it from a refusal.
        byte[] bytes = [.. Bytes.Hex(hex), .. new byte[1 << 20]];
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 1000; i++)
        {
            var reader = new MessagePackReader(bytes);
            Assert.False(reader.TrySkip());
            Assert.False(MessagePackValidator.TryValidate(bytes, 64, out _, out _));
        }

        Assert.Equal("the value at byte 0 is cut short", Bytes.MessagePackProblem(bytes));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 2);
    }

    [Fact]
    public void TrySkip_WhenManyHeadersTogetherPromiseTooMuch_IsFalse()
    {
        // Each header alone could be true: it announces about as many elements as bytes are left.
        const int Headers = 10_000;
        var bytes = new byte[Headers * 5];
        for (var i = 0; i < Headers; i++)
        {
            var left = bytes.Length - ((i + 1) * 5);
            Bytes.Written(w => w.WriteArrayHeader(Math.Max(left, 0))).AsSpan().CopyTo(bytes.AsSpan(i * 5));
        }

        var reader = new MessagePackReader(bytes);
        Assert.False(reader.TrySkip());
        Assert.Equal(0, reader.Position);
    }

    [Theory]
    [InlineData("91")]
    [InlineData("81a0")]
    public void MessagePack_TenThousandLevelsDeep_IsSkippedAndRefused(string level)
    {
        byte[] bytes = [.. Bytes.Repeat(level, Levels), 0xc0];
        var reader = new MessagePackReader(bytes);
        Assert.True(reader.TrySkip());
        Assert.Equal(bytes.Length, reader.Position);
        Assert.EndsWith("is nested deeper than 64", Bytes.MessagePackProblem(bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"\":", "}")]
    public void Json_TenThousandLevelsDeep_IsRefused(string open, string close)
    {
        var json = string.Concat(Enumerable.Repeat(open, Levels)) + "1" + string.Concat(Enumerable.Repeat(close, Levels));
        Assert.EndsWith("is nested deeper than 64", Bytes.JsonProblem(Encoding.UTF8.GetBytes(json)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "]", "91")]
    [InlineData("{\"\":", "}", "81a0")]
    public void BothForms_AtTheDepthLimit_AgreeOnTheLevel(string open, string close, string level)
    {
        string Json(int depth) => string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
        byte[] Pack(int depth) => [.. Bytes.Repeat(level, depth), 1];

        Assert.Equal(Pack(PayloadTranscoder.MaxDepth), Bytes.ToMessagePack(Json(PayloadTranscoder.MaxDepth)));
        Assert.Equal(Json(PayloadTranscoder.MaxDepth), Bytes.ToJson(Pack(PayloadTranscoder.MaxDepth)));
        Assert.NotEmpty(Bytes.JsonProblem(Encoding.UTF8.GetBytes(Json(PayloadTranscoder.MaxDepth + 1))));
        Assert.NotEmpty(Bytes.MessagePackProblem(Pack(PayloadTranscoder.MaxDepth + 1)));
    }

    [Fact]
    public void BothForms_AboveTheInputLimit_AreRefused()
    {
        var bytes = new byte[PayloadTranscoder.MaxInputBytes + 1];
        Assert.Contains("longer than", Bytes.JsonProblem(bytes), StringComparison.Ordinal);
        Assert.Contains("longer than", Bytes.MessagePackProblem(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_OfManyTinyContainers_TakesLinearTime()
    {
        // Half a million containers in wide nesting: a scheme that moves a body per container would take minutes.
        var row = "[" + string.Join(',', Enumerable.Repeat("[{}]", 500)) + "]";
        var json = "[" + string.Join(',', Enumerable.Repeat(row, 500)) + "]";
        var started = Stopwatch.GetTimestamp();
        Assert.Equal(json, Bytes.ToJson(Bytes.ToMessagePack(json)));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 5);
    }
}
