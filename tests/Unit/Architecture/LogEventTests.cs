using System.Reflection;
using Fanout.Node.Lanes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Fanout.Tests.Unit.Architecture;

public sealed class LogEventTests
{
    private static readonly List<(MethodInfo Method, LoggerMessageAttribute Event)> Events =
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

    private static IEnumerable<string> Repeated(IEnumerable<string> values) =>
        values.GroupBy(value => value).Where(group => group.Count() > 1).Select(group => group.Key);
}
