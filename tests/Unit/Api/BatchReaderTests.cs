using System.Text;
using CsCheck;
using Fanout.Node.Api.Messages;
using Xunit;

namespace Fanout.Tests.Unit.Api;

public sealed class BatchReaderTests
{
    [Fact]
    public void Items_AreReadInTheirOrder_WithTheirBytes()
    {
        var items = Read("""[ {"payload" : {"a": [1, 2]} , "room":"r","key":"k","exclude":"c"},{"user":"a b","payload":null} ]""");

        Assert.Equal(("r", false, """{"a": [1, 2]}""", "k", "c"), (items[0].Room, items[0].IsUser, Text(items[0]), items[0].Headers.Key, items[0].Headers.Exclude));
        Assert.Equal(("$user.a=20b", true, "null", null, null), (items[1].Room, items[1].IsUser, Text(items[1]), items[1].Headers.Key, items[1].Headers.Exclude));
    }

    // Whatever comes, it is either refused as a whole or every item says for itself; nothing throws, and no payload reaches beyond the body.
    [Fact]
    public void Rubbish_NeverThrows()
    {
        string[] parts = ["[", "]", "{", "}", ",", ":", "\"room\"", "\"user\"", "\"payload\"", "\"key\"", "\"x\"", "\"\\ud800\"", "1", "1e999", "null", "\u00ff", " "];
        Gen.Int[0, parts.Length - 1].Array[0, 40].Sample(indexes =>
        {
            var body = Encoding.Latin1.GetBytes("[" + string.Concat(indexes.Select(index => parts[index])));
            var items = new List<BatchItem>();
            var problem = BatchReader.Read(body, 1000, items);
            Assert.True(problem is not null || items.Count > 0);
            if (problem is null)
                Assert.All(items, item => Assert.True(item.Problem is not null || item.Payload.Length > 0));
        });
    }

    private static List<BatchItem> Read(string json)
    {
        var items = new List<BatchItem>();
        Assert.Null(BatchReader.Read(Encoding.UTF8.GetBytes(json), 1000, items));
        return items;
    }

    private static string Text(BatchItem item) => Encoding.UTF8.GetString(item.Payload.Span);
}
