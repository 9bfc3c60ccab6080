using Fanout.Node.BackEnds;
using Fanout.Node.Backplane;
using Fanout.Node.Rpc;
using Fanout.Node.Webhooks;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Hosting.Settings;

/// <summary>What the settings of requests to back ends and of webhooks must be.</summary>
internal static class BackEndsValidator
{
    private const int ShortestSecret = 16;
    private const int LargestAnswer = 16 * 1024 * 1024;
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ShortestBreak = TimeSpan.FromSeconds(0.5);

    public static void Check(FanoutSettings settings, SettingProblems problems)
    {
        problems.NotNegative("Fanout:Rpc:MaxPerConnection", settings.Rpc.MaxPerConnection);
        CheckSecret(settings.Rpc.Secret, "Fanout:Rpc:Secret", problems);
        for (var i = 0; i < settings.Rpc.Methods.Count; i++)
            CheckMethod(settings.Rpc.Methods[i], $"Fanout:Rpc:Methods:{i}", problems);
        for (var i = 0; i < settings.Auth.DefaultGrants.Request.Count; i++)
            CheckPattern(settings.Auth.DefaultGrants.Request[i], $"Fanout:Auth:DefaultGrants:Request:{i}", problems);
        CheckWebhooks(settings, problems);
    }

    private static void CheckWebhooks(FanoutSettings settings, SettingProblems problems)
    {
        var queue = settings.WebhookQueue;
        problems.Check(queue.MaxEvents is >= 100 and <= 10_000_000, "Fanout:WebhookQueue:MaxEvents", queue.MaxEvents, "100 to 10000000 events");
        problems.Check(queue.MaxDeadLetters is >= 1 and <= 1_000_000, "Fanout:WebhookQueue:MaxDeadLetters", queue.MaxDeadLetters, "1 to 1000000 events");
        problems.NotNegative("Fanout:WebhookQueue:VacatedDelay", queue.VacatedDelay);
        problems.NotNegative("Fanout:WebhookQueue:OfflineDelay", queue.OfflineDelay);
        for (var i = 0; i < settings.Webhooks.Count; i++)
        {
            var name = WebhookEndpoint.NameOf(settings.Webhooks[i]);
            CheckWebhook(settings.Webhooks[i], $"Fanout:Webhooks:{i}", problems);
            problems.Check(
                settings.Webhooks.Take(i).All(other => WebhookEndpoint.NameOf(other) != name), $"Fanout:Webhooks:{i}:Name", name, "a name that no other receiver has");
        }
    }

    private static void CheckWebhook(WebhookOptions webhook, string path, SettingProblems problems)
    {
        if (webhook.Name is { } name)
            problems.Check(NodeIdentity.IsValidName(name), path + ":Name", name, "1 to 64 letters, digits, dots, dashes or underscores");
        CheckUrl(webhook.Url, path + ":Url", problems);
        CheckSecret(webhook.Secret, path + ":Secret", problems);
        problems.Check(webhook.Events.Count > 0, path + ":Events", "", $"one or more of {string.Join(", ", WebhookEvents.All)}");
        for (var i = 0; i < webhook.Events.Count; i++)
            problems.Check(WebhookEvents.All.Contains(webhook.Events[i]), $"{path}:Events:{i}", webhook.Events[i], $"one of {string.Join(", ", WebhookEvents.All)}");
        problems.Check(RoomPattern.IsValid(webhook.Rooms), path + ":Rooms", webhook.Rooms, "a room name in which * stands for any run of characters");
        CheckTimeout(webhook.Timeout, path + ":Timeout", problems);
        problems.Check(webhook.BatchSize is >= 1 and <= 1000, path + ":BatchSize", webhook.BatchSize, "1 to 1000 events");
        problems.Check(webhook.MaxAttempts is >= 1 and <= 1000, path + ":MaxAttempts", webhook.MaxAttempts, "1 to 1000");
        problems.Positive(path + ":FirstRetry", webhook.FirstRetry);
        problems.Check(
            webhook.LongestRetry >= webhook.FirstRetry && webhook.LongestRetry <= TimeSpan.FromHours(1),
            path + ":LongestRetry",
            webhook.LongestRetry,
            $"from FirstRetry ({webhook.FirstRetry}) to 01:00:00");
    }

    private static void CheckMethod(RpcMethodOptions method, string path, SettingProblems problems)
    {
        CheckPattern(method.Pattern, path + ":Pattern", problems);
        CheckUrl(method.Url, path + ":Url", problems);
        CheckTimeout(method.Timeout, path + ":Timeout", problems);
        CheckSecret(method.Secret, path + ":Secret", problems);
        problems.Check(Enum.IsDefined(method.Access), path + ":Access", method.Access, "Everybody, Users or Granted");
        problems.NotNegative(path + ":MaxConcurrent", method.MaxConcurrent);
        problems.Check(method.MaxAnswerBytes is > 0 and <= LargestAnswer, path + ":MaxAnswerBytes", method.MaxAnswerBytes, $"1 to {LargestAnswer} bytes");
        problems.Check(method.BreakAfter is 0 or >= 2, path + ":BreakAfter", method.BreakAfter, "a number from 2 on, or 0 for no circuit breaker");
        problems.Check(method.BreakFor >= ShortestBreak && method.BreakFor <= TimeSpan.FromHours(1), path + ":BreakFor", method.BreakFor, "00:00:00.5 to 01:00:00");
    }

    private static void CheckPattern(string pattern, string path, SettingProblems problems) =>
        problems.Check(MethodPattern.IsValid(pattern), path, pattern, "1 to 128 characters of a method, in which * stands for any run of characters");

    // Names and passwords in a URL are not sent, and a query may hold a secret that a log should not.
    private static void CheckUrl(string url, string path, SettingProblems problems) => problems.Check(
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.UserInfo.Length == 0,
        path,
        BackEndHttp.Shown(url),
        "an absolute http or https URL without a user name");

    private static void CheckTimeout(TimeSpan timeout, string path, SettingProblems problems) =>
        problems.Check(timeout >= TimeSpan.FromMilliseconds(10) && timeout <= LongestTimeout, path, timeout, $"a duration from 00:00:00.01 to {LongestTimeout}");

    private static void CheckSecret(string? secret, string path, SettingProblems problems)
    {
        if (secret is not null)
            problems.Check(secret.Length >= ShortestSecret, path, "(hidden)", $"at least {ShortestSecret} characters long");
    }
}
