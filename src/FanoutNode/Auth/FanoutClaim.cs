using System.Text;
using System.Text.Json;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Fanout.Node.Auth;

/// <summary>Reads the claim <c>fanout</c>: <c>{"join": [patterns], "publish": […], "presence": […], "request": [methods], "info": {…}}</c>.</summary>
internal static class FanoutClaim
{
    private const string Name = "fanout";

    /// <summary><see langword="false"/> if there is a claim of that name but it cannot be read: then the token grants nothing.</summary>
    public static bool TryRead(JsonWebToken token, Grants withoutClaim, out Grants grants, out Payload? info)
    {
        grants = withoutClaim;
        info = null;
        // The library gives no element for a string or a number; such a claim is there all the same, and cannot be read.
        if (!token.TryGetPayloadValue<JsonElement>(Name, out var claim))
            return !token.TryGetPayloadValue<object>(Name, out _);
        if (claim.ValueKind != JsonValueKind.Object
            || !TryReadPatterns(claim, "request", out var request, static pattern => pattern.Length > 0)
            || !TryReadPatterns(claim, "join", out var join)
            || !TryReadPatterns(claim, "publish", out var publish)
            || !TryReadPatterns(claim, "presence", out var presence))
            return false;

        grants = new Grants(join, publish, presence) { Request = request };
        if (claim.TryGetProperty("info", out var value))
            info = new Payload(WireFormat.Json, Encoding.UTF8.GetBytes(value.GetRawText()));
        return true;
    }

    private static bool TryReadPatterns(JsonElement claim, string name, out List<string> patterns, Func<string, bool>? isValid = null)
    {
        isValid ??= RoomPattern.IsValid;
        patterns = [];
        if (!claim.TryGetProperty(name, out var list))
            return true;
        if (list.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || !isValid(item.GetString()!))
                return false;
            patterns.Add(item.GetString()!);
        }

        return true;
    }
}
