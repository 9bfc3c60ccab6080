using System.Globalization;
using System.Security.Cryptography;

namespace Fanout.Node.Backplane;

/// <summary>Makes message ids: this process's random part and a counter, so that they are unique in the service and cost nothing to make.</summary>
internal sealed class MessageIds
{
    private readonly string _prefix = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)) + "-";
    private long _counter;

    public string Next() => string.Create(CultureInfo.InvariantCulture, $"{_prefix}{Interlocked.Increment(ref _counter):x}");
}
