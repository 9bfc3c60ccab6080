namespace Fanout.Node.Compression;

/// <summary>What was agreed on of permessage-deflate. No context takeover in either direction, always.</summary>
/// <param name="Answer">For <c>Sec-WebSocket-Extensions</c>.</param>
/// <param name="ServerWindowBits">
/// The client reads with a window of 2 to the power of this, 8 to 15: what is sent compressed may not refer further back (RFC 7692, section 7.1.2.1).
/// </param>
internal sealed record DeflateAgreement(string Answer, int ServerWindowBits)
{
    /// <summary>The window of DEFLATE itself, and of the runtime's <c>DeflateStream</c>.</summary>
    public const int LargestWindowBits = 15;

    /// <summary>
    /// The longest message, in bytes before compression, that anybody's compressor may have made for this client: nothing in a message that is not
    /// longer than the window can refer further back than the window. So one compressed message serves all windows.
    /// </summary>
    public int LargestShared => ServerWindowBits == LargestWindowBits ? int.MaxValue : 1 << ServerWindowBits;
}
