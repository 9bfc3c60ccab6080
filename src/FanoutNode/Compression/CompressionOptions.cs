namespace Fanout.Node.Compression;

/// <summary>Settings under <c>Fanout:Compression</c>.</summary>
internal sealed class CompressionOptions
{
    /// <summary>
    /// Whether permessage-deflate (RFC 7692) is agreed to where a client offers it. Unset: at <c>/echo</c> alone. A client pays little for what costs
    /// a node much: a message is inflated before its rate is looked at, up to the largest message from a thousandth of its bytes.
    /// </summary>
    public bool? Enabled { get; set; }
}
