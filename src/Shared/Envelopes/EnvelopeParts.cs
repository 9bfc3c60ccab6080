using Fanout.Shared.Codecs;

namespace Fanout.Shared.Envelopes;

/// <summary>What several envelopes have in common.</summary>
internal static class EnvelopeParts
{
    public static EnvelopeWriter.Scope BeginAnswer(this ref EnvelopeWriter writer, string type, string? id, string? room)
    {
        var map = writer.BeginMap();
        writer.Field("type"u8, type);
        writer.FieldIfAny("id"u8, id);
        writer.FieldIfAny("room"u8, room);
        return map;
    }

    public static EnvelopeWriter.Scope BeginPayload(this ref EnvelopeWriter writer)
    {
        writer.Name("payload"u8);
        return writer.BeginMap();
    }

    public static void Names(this ref EnvelopeWriter writer, ReadOnlySpan<byte> field, IReadOnlyCollection<string> names)
    {
        writer.Name(field);
        writer.BeginArray(names.Count);
        foreach (var name in names)
            writer.Value(name);
        writer.EndArray();
    }
}
