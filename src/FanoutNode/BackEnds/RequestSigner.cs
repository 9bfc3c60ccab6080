using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fanout.Node.BackEnds;

/// <summary>
/// Signs what goes to a back end: <c>Fanout-Signature: t=&lt;Unix seconds&gt;,v1=&lt;hex&gt;</c>, an HMAC-SHA256 over <c>&lt;t&gt;.&lt;body&gt;</c>. The
/// time is signed too, so that a receiver can refuse what somebody kept and sends again.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RequestSigner(string secret)
{
    public const string HeaderName = "Fanout-Signature";

    private readonly byte[] _key = Encoding.UTF8.GetBytes(secret);

    public string Sign(DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(Encoding.ASCII.GetBytes(time + "."));
        hash.AppendData(body);
        return $"t={time},v1={Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }
}
