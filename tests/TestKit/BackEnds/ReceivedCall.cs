using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.BackEnds;

/// <summary>One POST that a <see cref="Receiver"/> got, whole.</summary>
/// <param name="Path">With the query.</param>
public sealed record ReceivedCall(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public JsonObject Json => (JsonObject)JsonNode.Parse(Body)!;

    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    /// <summary>Checks <c>Fanout-Signature</c> as docs/webhooks.md tells receivers to.</summary>
    public bool IsSignedWith(string secret)
    {
        if (Header("Fanout-Signature") is not { } signature)
            return false;
        var parts = signature.Split(',').Select(part => part.Split('=', 2)).ToLookup(part => part[0], part => part[1]);
        var time = parts["t"].Single();
        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(time, CultureInfo.InvariantCulture)) > 300)
            return false;
        byte[] signed = [.. Encoding.ASCII.GetBytes(time + "."), .. Body];
        var wanted = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
        return parts["v1"].Any(given => CryptographicOperations.FixedTimeEquals(Convert.FromHexString(given), wanted));
    }

    public override string ToString() => $"POST {Path} {Text}";
}
