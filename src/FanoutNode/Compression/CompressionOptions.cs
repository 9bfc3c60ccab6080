namespace Fanout.Node.Compression;

/// <summary>Settings under <c>Fanout:Compression</c>.</summary>
internal sealed class CompressionOptions
{
    /// <summary>
    /// Whether permessage-deflate (RFC 7692) is agreed to where a client offers it, as every browser does. <c>/echo</c> agrees in any case.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Messages of rooms go out compressed from so many bytes of payload on. Lower: more CPU for little; a message of 200 bytes saves 30 and costs 8 us.
    /// </summary>
    public int SmallestMessageBytes { get; set; } = 1024;

    /// <summary>
    /// Bytes a second that one connection may have inflated for long; one message of the largest size passes after a pause. Over it:
    /// <c>rate_limited</c>, and the message is not inflated. 0: no limit.
    /// </summary>
    public long InflatedBytesPerSecond { get; set; } = 1024 * 1024;
}
