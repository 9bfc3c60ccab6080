using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Fanout.Cli.Running;
using Fanout.Shared.Envelopes;

namespace Fanout.Cli.Publishing;

/// <summary>One item of a batch, as JSON, and the line of input that it came from.</summary>
internal readonly record struct BatchItem(long Line, ReadOnlyMemory<byte> Json);

/// <summary>Makes the items of batches.</summary>
/// <param name="Room">Where to; without room and user each line is an item by itself.</param>
/// <param name="KeyPrefix">Begins each item's idempotency key; its line's number ends it, so that a run that broke off can be repeated whole.</param>
/// <param name="Text">Whether lines are plain text.</param>
internal sealed record BatchItems(string? Room, string? User, string? KeyPrefix, string? Exclude, bool Text)
{
    public async IAsyncEnumerable<BatchItem> OfLines(IAsyncEnumerable<InputLine> lines)
    {
        await foreach (var (number, bytes) in lines)
        {
            if (Room is null && User is null)
            {
                yield return new BatchItem(number, CheckItem(number, bytes));
                continue;
            }

            ReadOnlyMemory<byte> payload;
            if (Text)
                payload = PayloadSource.ToJsonString(bytes);
            else if (!JsonPayload.TryCheck(bytes, out payload, out var problem))
                throw Bad(number, $"is no JSON that can be sent: {problem}");
            yield return new BatchItem(number, Write(payload, number));
        }
    }

    public async IAsyncEnumerable<BatchItem> Copies(ReadOnlyMemory<byte> payload, int count)
    {
        await Task.CompletedTask;
        for (var i = 1; i <= count; i++)
            yield return new BatchItem(i, Write(payload, i));
    }

    // What the service would refuse the whole batch for is found here, where the line is known.
    private static ReadOnlyMemory<byte> CheckItem(long number, byte[] bytes)
    {
        if (!JsonPayload.TryCheck(bytes, out var json, out var problem))
            throw Bad(number, $"is no JSON that can be sent: {problem}");
        var item = JsonElement.Parse(json.Span);
        if (item.ValueKind != JsonValueKind.Object || item.TryGetProperty("room", out _) == item.TryGetProperty("user", out _) || !item.TryGetProperty("payload", out _))
            throw Bad(number, "must be an object with 'room' or 'user', and 'payload'");
        return json;
    }

    private static CliException Bad(long number, string problem) =>
        CliException.Usage($"Line {number.ToString(CultureInfo.InvariantCulture)} {problem}.", "With a room, lines are payloads; without, objects {room or user, payload, key?, exclude?}.");

    private ReadOnlyMemory<byte> Write(ReadOnlyMemory<byte> payload, long number)
    {
        var buffer = new ArrayBufferWriter<byte>(payload.Length + 128);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            if (User is not null)
                writer.WriteString("user", User);
            else
                writer.WriteString("room", Room);
            writer.WritePropertyName("payload");
            writer.WriteRawValue(payload.Span, skipInputValidation: true);
            if (KeyPrefix is not null)
                writer.WriteString("key", $"{KeyPrefix}-{number.ToString(CultureInfo.InvariantCulture)}");
            if (Exclude is not null)
                writer.WriteString("exclude", Exclude);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
