using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;
using Fanout.Shared.Protocol;

namespace Fanout.Cli.Commands;

/// <summary>The options of a command that lists page by page.</summary>
internal sealed class Paging
{
    private readonly Option<int> _limit = new("--limit")
    {
        Description = $"Items of a page, up to {ProtocolLimits.MaxPageSize}",
        HelpName = "n",
        DefaultValueFactory = _ => ProtocolLimits.DefaultPageSize,
    };

    private readonly Option<string?> _after = new("--after") { Description = "Go on where the page before ended", HelpName = "next" };

    private readonly Option<bool> _all = new("--all") { Description = "All pages" };

    public void AddTo(Command command)
    {
        _limit.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value is < 1 or > ProtocolLimits.MaxPageSize))
                result.AddError($"--limit must be 1 to {ProtocolLimits.MaxPageSize}.");
        });
        command.Add(_limit);
        command.Add(_after);
        command.Add(_all);
    }

    /// <summary>Reads the page, or all of them, and writes them.</summary>
    /// <param name="path">Makes the call's path from <c>after</c> and <c>limit</c>.</param>
    /// <returns>How many items there were.</returns>
    public async Task<int> WriteAsync(Run run, Func<string?, string, string> path, Listing listing, Action<JsonElement> addRow)
    {
        var items = new List<JsonElement>();
        var after = run.Get(_after);
        // A page that is not all of it is as small as asked; where all are wanted, large ones are fewer round trips.
        var limit = run.Get(_all) && !run.Has(_limit) ? ProtocolLimits.MaxPageSize : run.Get(_limit);
        JsonElement page;
        do
        {
            page = await run.Api.GetAsync(path(after, limit.ToString(CultureInfo.InvariantCulture)), run.Stopped);
            items.AddRange(page.Items());
            after = page.Text("next");
        }
        while (after is not null && run.Get(_all));

        if (run.Terminal.Json)
        {
            run.Terminal.Document(writer => Merge(writer, page, items));
            return items.Count;
        }

        foreach (var item in items)
            addRow(item);
        if (items.Count > 0)
            listing.Write(run.Terminal);
        if (after is not null)
            run.Terminal.Remark($"There is more: --after '{Plain.Of(after)}', or --all.");
        return items.Count;
    }

    // The last page with the items of all.
    private static void Merge(Utf8JsonWriter writer, JsonElement page, List<JsonElement> items)
    {
        writer.WriteStartObject();
        foreach (var property in page.EnumerateObject())
        {
            if (!property.NameEquals("items"))
            {
                property.WriteTo(writer);
                continue;
            }

            writer.WriteStartArray("items");
            foreach (var item in items)
                item.WriteTo(writer);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
