using System.Buffers;
using System.Text.Json;
using Fanout.Node.History;
using Fanout.Shared.Codecs;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Api;

/// <summary><c>GET /api/v1/rooms/{room}/history</c>: a page of kept messages, in the form in which sockets get them.</summary>
internal static class HistoryEndpoint
{
    /// <param name="after">Where the page before ended: <c>epoch;offset</c>, as in <c>next</c>.</param>
    public static async Task<IResult> HandleAsync(string room, HistoryReader history, string? after = null, string? limit = null)
    {
        if (!RoomName.IsValid(room))
            return ApiProblem.BadRoom(room);
        if (!RoomEndpoints.TryReadLimit(limit, out var size, out var problem))
            return problem;
        RoomPosition? since = null;
        if (after is not null)
        {
            if (after.Split(';') is not [var epoch, var offset] || !RoomPosition.TryParse(epoch, offset, out var position))
                return ApiProblem.BadRequest("'after' must be epoch;offset, as 'next' gave it.");
            since = position;
        }

        return await RoomEndpoints.GuardAsync(async () => Results.Bytes(
            Write(await history.ReadAsync(room, since, size)), "application/json; charset=utf-8"));
    }

    private static byte[] Write(HistoryReader.Result result)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            if (result.Position is { } position)
            {
                writer.WriteString("epoch"u8, position.Epoch);
                writer.WriteNumber("offset"u8, position.Offset);
            }

            writer.WriteStartArray("items"u8);
            foreach (var message in result.Messages)
                writer.WriteRawValue(Encode(message), skipInputValidation: true);
            writer.WriteEndArray();
            if (result is { More: true, Position: { } here })
                writer.WriteString("next"u8, $"{here.Epoch};{result.Last}");
            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static byte[] Encode(Shared.Envelopes.RoomMessageEnvelope message)
    {
        var buffer = EnvelopeBuffer.Rent();
        var writer = new EnvelopeWriter(WireFormat.Json, buffer);
        message.Write(ref writer);
        var json = buffer.Written.ToArray();
        EnvelopeBuffer.Return(buffer);
        return json;
    }
}
