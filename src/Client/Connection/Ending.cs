using System.Net;

namespace Fanout.Client.Connection;

/// <summary>How a connection, or the attempt to have one, ended.</summary>
/// <param name="Code">The close code; 1006 where no close frame came.</param>
/// <param name="Status">The status of a refused handshake.</param>
/// <param name="RetryAfter">What a refusal asked for.</param>
internal readonly record struct Ending(int Code, string Reason, HttpStatusCode? Status = null, TimeSpan? RetryAfter = null, Exception? Cause = null)
{
    /// <summary>No close frame came (RFC 6455, 7.1.5).</summary>
    public const int Abnormal = 1006;
}
