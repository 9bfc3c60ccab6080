using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fanout.Node.Hosting;

/// <summary>
/// Holds back what ASP.NET would write of a request line, whatever levels an operator chooses: a browser's token can travel in the query
/// (<c>access_token</c>).
/// </summary>
internal static class SecretsInLogs
{
    // The most that each of them may write; below it they show the whole target. The first one does so for every request, and writes nothing
    // else but what the host says in its own words when it fails to start. Where it writes nothing at all, ASP.NET makes no scope and no Activity
    // for each request that nobody traces. The second one writes of malformed requests.
    private static readonly (string Category, LogLevel Most)[] Talkative =
    [
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None),
        ("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Warning),
    ];

    public static ILoggingBuilder HoldBackRequestLines(this ILoggingBuilder logging)
    {
        logging.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<LoggerFilterOptions>, Rules>());
        return logging;
    }

    // After all configuration, and again when it changes: of two rules the more specific one wins, so these must be the most specific.
    private sealed class Rules : IPostConfigureOptions<LoggerFilterOptions>
    {
        public void PostConfigure(string? name, LoggerFilterOptions options)
        {
            var providers = options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList();
            foreach (var (category, most) in Talkative)
            {
                var asked = options.Rules.Where(rule => rule.CategoryName?.StartsWith(category, StringComparison.OrdinalIgnoreCase) == true).ToList();
                foreach (var rule in asked)
                    options.Rules.Remove(rule);
                foreach (var provider in providers)
                {
                    // Whoever wants to hear less still hears less.
                    var wanted = asked.Where(rule => rule.ProviderName == null || rule.ProviderName == provider).Max(rule => rule.LogLevel) ?? most;
                    options.Rules.Add(new LoggerFilterRule(provider, category, wanted > most ? wanted : most, filter: null));
                }
            }
        }
    }
}
