using System.Text.Json;
using System.Text.Json.Serialization;
using Fanout.Bench.Load.Scenarios;

namespace Fanout.Bench.Load.Report;

/// <summary>A run as it is kept.</summary>
internal sealed record ResultFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new RoundedNumbers() },
    };

    public required DateTimeOffset Started { get; init; }

    public required double Minutes { get; init; }

    public required Machine Machine { get; init; }

    /// <summary>The commit that was measured.</summary>
    public required string Commit { get; init; }

    public required bool IsQuick { get; init; }

    /// <summary>Peers that could not be run, with the reason.</summary>
    public required IReadOnlyDictionary<string, string> Missing { get; init; }

    public required IReadOnlyList<Result> Results { get; init; }

    public static ResultFile Read(string path) => JsonSerializer.Deserialize<ResultFile>(File.ReadAllText(path), Options)!;

    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, JsonSerializer.Serialize(this, Options) + "\n");
    }

    private sealed class RoundedNumbers : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Abs(value) >= 1000 ? Math.Round(value) : Math.Round(value, 3));
    }
}
