namespace Fanout.Node.Compression;

/// <summary>Settings under <c>Fanout:Compression</c>.</summary>
internal sealed class CompressionOptions
{
    /// <summary>Whether permessage-deflate (RFC 7692) is agreed to where a client offers it.</summary>
    public bool Enabled { get; set; } = true;
}
