using Fanout.Shared.Codecs;

namespace Fanout.Shared.Envelopes;

/// <summary>A message of the node to a client. Each is a small struct that knows its fields; the writer knows the format.</summary>
public interface IServerMessage
{
    /// <summary>Writes the whole envelope.</summary>
    void Write(ref EnvelopeWriter writer);
}
