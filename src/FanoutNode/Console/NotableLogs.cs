using System.Collections.Concurrent;

namespace Fanout.Node.Console;

/// <summary>Which lines of the log make an event. The log is where the service says what an operator should know, so it is said in one place.</summary>
internal static class NotableLogs
{
    private static readonly Dictionary<string, (string Kind, string Level)> ByName = new()
    {
        ["NodeReaped"] = (OpsEventKind.NodeReaped, OpsLevel.Bad),
        ["ReapSkipped"] = (OpsEventKind.ReapFailed, OpsLevel.Bad),
        ["LeaseLapsed"] = (OpsEventKind.NodeLapsed, OpsLevel.Warn),
        ["BackplaneHealthy"] = (OpsEventKind.BackplaneHealthy, OpsLevel.Good),
        ["BackplaneDegraded"] = (OpsEventKind.BackplaneDegraded, OpsLevel.Bad),
        ["RedisRefused"] = (OpsEventKind.Backplane, OpsLevel.Bad),
        ["RedisEvicts"] = (OpsEventKind.Backplane, OpsLevel.Warn),
        ["RedisLost"] = (OpsEventKind.Backplane, OpsLevel.Warn),
        ["SubscriberRefused"] = (OpsEventKind.Backplane, OpsLevel.Bad),
        ["MembershipRepaired"] = (OpsEventKind.Backplane, OpsLevel.Warn),
        ["ClosedByOperator"] = (OpsEventKind.Operator, OpsLevel.Info),
        ["AuthorityUnreadable"] = (OpsEventKind.Access, OpsLevel.Warn),
        ["CertificateEndsSoon"] = (OpsEventKind.Certificate, OpsLevel.Warn),
        ["CertificateUnusable"] = (OpsEventKind.Certificate, OpsLevel.Bad),
    };

    /// <summary>The names of log events that become events of the console; each must exist.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>What kind of event a line is; null for one that is none.</summary>
    public static (string Kind, string Level)? Find(string? eventName) =>
        eventName is not null && ByName.TryGetValue(eventName, out var found) ? found : null;
}

/// <summary>Turns notable lines of the log into events, whatever levels the operator chose for the log itself.</summary>
[ProviderAlias("FanoutConsole")]
internal sealed class NotableLogProvider(NotableEvents events) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, Logger> _loggers = new();

    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, _ => new Logger(events));

    public void Dispose()
    {
    }

    private sealed class Logger(NotableEvents events) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (NotableLogs.Find(eventId.Name) is var (kind, level))
                events.Add(kind, level, formatter(state, exception), Subject(state));
        }

        private static string? Subject<TState>(TState state) =>
            state is IReadOnlyList<KeyValuePair<string, object?>> values ? values.FirstOrDefault(value => value.Key == "NodeId").Value as string : null;
    }
}
