using System.Text.Json.Nodes;
using Xunit;

namespace Fanout.Tests.Client.Vectors;

/// <summary>docs/protocol-vectors: what a client does, step by step.</summary>
public sealed class VectorTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "protocol-vectors");

    public static TheoryData<string, string> All()
    {
        var all = new TheoryData<string, string>();
        foreach (var file in Directory.GetFiles(Folder, "*.json").Order())
        {
            foreach (var vector in JsonNode.Parse(File.ReadAllText(file))!.AsArray())
                all.Add(Path.GetFileName(file), (string)vector!["name"]!);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Vector_Replayed_IsWhatTheClientDoes(string file, string name)
    {
        var vector = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!.AsArray().Single(vector => (string?)vector!["name"] == name)!.AsObject();
        var run = new VectorRun(vector["client"]?.AsObject() ?? []);
        var number = 0;
        foreach (var step in vector["steps"]!.AsArray())
        {
            number++;
            try
            {
                run.Step(step!.AsObject());
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Step {number}, {step!.ToJsonString()}: {e.Message}", e);
            }
        }

        run.End();
    }

    [Fact]
    public void Vectors_AreThere() => Assert.True(All().Count > 40);
}
