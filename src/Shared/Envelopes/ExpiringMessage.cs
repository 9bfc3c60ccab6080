using Fanout.Shared.Codecs;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>The token ends soon: <c>refresh</c>, or be closed with 4002.</summary>
/// <param name="ExpiresAt">Unix milliseconds.</param>
public readonly record struct ExpiringMessage(long ExpiresAt) : IServerMessage
{
    public void Write(ref EnvelopeWriter writer)
    {
        var map = writer.BeginAnswer(MessageTypes.Expiring, null, null);
        var payload = writer.BeginPayload();
        writer.Field("expiresAt"u8, ExpiresAt);
        writer.EndMap(payload);
        writer.EndMap(map);
    }
}
