using System.Reflection;
using System.Text.RegularExpressions;
using Fanout.Node.Lanes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Fanout.Tests.Unit.Architecture;

public sealed partial class LogEventTests
{
    internal static readonly List<(MethodInfo Method, LoggerMessageAttribute Event)> Events =
    [
        .. from type in typeof(Lane).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
           let message = method.GetCustomAttribute<LoggerMessageAttribute>()
           where message is not null
           select (method, message),
    ];

    // Who searches logs by an id or a name must find one event.
    [Fact]
    public void Events_HaveIdsAndNamesOfTheirOwn()
    {
        Assert.True(Events.Count > 20, $"Only {Events.Count} log events were found.");
        Assert.Empty(Repeated(Events.Select(e => e.Event.EventId.ToString(System.Globalization.CultureInfo.InvariantCulture))));
        Assert.Empty(Repeated(Events.Select(e => e.Event.EventName ?? "")));
    }

    [Fact]
    public void Events_AreNamed_AndNumberedFromAThousand() => Assert.All(Events, e =>
    {
        Assert.Matches("^[A-Z][A-Za-z]+$", e.Event.EventName);
        Assert.InRange(e.Event.EventId, 1000, 9999);
    });

    // A level that is meant for operators carries no payload and no token; names of parameters are the best that can be seen from here.
    [Fact]
    public void Events_TakeNoTokensAndNoPayloads() => Assert.All(
        Events.SelectMany(e => e.Method.GetParameters()),
        parameter => Assert.DoesNotContain(parameter.Name!, new[] { "token", "payload", "body", "key", "password" }));

    // Fields and not scopes, see decision 0038: whoever looks for one connection, or for one message, must find all that was said of it.
    [Fact]
    public void Events_OfAConnection_NameIt() => Assert.All(
        Events.Where(e => Folder(e.Method) is "Connections" or "Commands" or "Sse"), e => Assert.Contains("{ClientId}", e.Event.Message, StringComparison.Ordinal));

    [Fact]
    public void Events_OfOneMessage_NameIt()
    {
        var ofMessages = Events.Where(e => OneMessage().IsMatch(e.Event.Message)).ToList();

        // Published by a socket, by HTTP, in a batch; not taken by Redis; not made ready.
        Assert.Subset(ofMessages.Select(e => e.Event.EventId).ToHashSet(), new HashSet<int> { 1310, 1720, 1750, 1830, 4001 });
        Assert.All(ofMessages, e => Assert.Contains("{MessageId}", e.Event.Message, StringComparison.Ordinal));
    }

    // None that Redis or a client can bring about with each message, at a level that is on by default: those are counted, and told now and then.
    [Fact]
    public void Events_ThatAMessageMayBringAbout_AreToldSeldom()
    {
        var undecodable = Events.Where(e => e.Event.EventId is 1200 or 1700).ToList();

        Assert.Equal(2, undecodable.Count);
        Assert.All(undecodable, e => Assert.Contains("{Count}", e.Event.Message, StringComparison.Ordinal));
    }

    private static string Folder(MethodInfo method) => method.DeclaringType!.Namespace!.Split('.')[2];

    [GeneratedRegex(@"\bmessage\b", RegexOptions.IgnoreCase)]
    private static partial Regex OneMessage();

    private static IEnumerable<string> Repeated(IEnumerable<string> values) =>
        values.GroupBy(value => value).Where(group => group.Count() > 1).Select(group => group.Key);
}
