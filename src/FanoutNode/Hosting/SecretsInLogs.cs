using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fanout.Node.Hosting;

/// <summary>
/// Holds back what ASP.NET would write of a request line, whatever levels an operator chooses: a browser's token can travel in the query
/// (<c>access_token</c>).
/// </summary>
internal static class SecretsInLogs
{
    // Each of them shows the whole target below this level: the first for every request, the second for malformed ones.
    private static readonly string[] Talkative = ["Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Server.Kestrel.BadRequests"];

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
            foreach (var category in Talkative)
            {
                foreach (var rule in options.Rules.Where(rule => rule.CategoryName?.StartsWith(category, StringComparison.OrdinalIgnoreCase) == true).ToList())
                    options.Rules.Remove(rule);
                foreach (var provider in providers)
                    options.Rules.Add(new LoggerFilterRule(provider, category, LogLevel.Warning, filter: null));
            }
        }
    }
}
