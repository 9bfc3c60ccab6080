using System.Net;
using Fanout.Cli.Http;
using Fanout.Cli.Running;

namespace Fanout.Cli.Doctor;

/// <summary>
/// Finds out what the API key may do, by calls that the node refuses for another reason than the key: nothing is published, nobody is
/// disconnected.
/// </summary>
internal sealed class KeyDoctor(Run run, Findings findings)
{
    private const string Area = "node";

    // The compose file's own, which everybody knows.
    private const string WellKnownKey = "local-dev-key";

    private const int ShortKey = 16;

    /// <returns>Whether the key may read.</returns>
    public async Task<bool> CheckAsync()
    {
        if (run.Settings.ApiKey is not { } key)
            return await CheckWithoutKeyAsync();
        var read = await run.Api.RawAsync(HttpMethod.Get, "/api/v1/rooms?limit=1", run.Stopped);
        switch (read.Status)
        {
            case HttpStatusCode.Unauthorized:
                findings.Fail(Area, "api key", "is not known", "Set FANOUT_API_KEY to one of the node's Fanout:Api:Keys.");
                return false;
            case HttpStatusCode.NotFound:
                findings.Skip(Area, "api key", "not checked: the API is not served here", "With Fanout:Admin:Port it is on that port: point --url there.");
                return false;
        }

        var scopes = new List<string>();
        if (!IsRefused(read))
            scopes.Add("read");
        // No room can be called so; a key that may publish is told that instead.
        if (!IsRefused(await run.Api.RawAsync(HttpMethod.Post, "/api/v1/rooms/%20/messages", run.Stopped, "1"u8.ToArray())))
            scopes.Add("publish");
        // No user's name can be so long.
        if (!IsRefused(await run.Api.RawAsync(HttpMethod.Delete, $"/api/v1/users/{new string('x', 200)}/connections", run.Stopped)))
            scopes.Add("admin");
        findings.Ok(Area, "api key", scopes.Count == 0 ? "is known, and has no scopes" : "has the scopes " + string.Join(", ", scopes));
        if (key == WellKnownKey)
            findings.Warn(Area, "api key", "is the one of the compose file, which everybody knows", "Set FANOUT_API_KEY in .env to a long random value: openssl rand -hex 32");
        else if (key.Length < ShortKey)
            findings.Warn(Area, "api key", $"has {key.Length} characters", "Short keys can be guessed: openssl rand -hex 32 makes a long one.");
        return scopes.Contains("read");
    }

    private async Task<bool> CheckWithoutKeyAsync()
    {
        var read = await run.Api.RawAsync(HttpMethod.Get, "/api/v1/rooms?limit=1", run.Stopped);
        if (read.Status == HttpStatusCode.OK)
        {
            findings.Warn(Area, "api key", "none is needed: the API is open to everybody", "That is Development without Fanout:Api:Keys; never where others can reach it.");
            return true;
        }

        findings.Skip(Area, "api key", "none was given; scopes and the other nodes are not checked", "Set FANOUT_API_KEY.");
        return false;
    }

    private static bool IsRefused(RawAnswer answer) => answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
}
