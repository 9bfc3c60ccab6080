using Fanout.Node.Rooms;
using Fanout.Node.Webhooks;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Marks say that a room may have changed in a way that webhooks are told of, and when somebody shall look. A letter and the room:
/// <c>E</c> it may have got its first member, <c>V</c> it may have lost its last one, <c>M</c> it keeps events of its members.
/// </summary>
/// <remarks>
/// A mark is made behind the change and before the node's note of the room goes: whoever dies in between leaves the note, and the reaper marks the
/// rooms of all notes that it finds. So no change goes unseen, and a mark too many is a look that finds nothing.
/// </remarks>
internal sealed class WebhookMarks(RedisLink link, RedisKeys keys, WebhookPlan plan, RoomPolicies policies)
{
    public const char Entered = 'E';
    public const char Vacated = 'V';
    public const char Members = 'M';

    // Some milliseconds of Redis's time at once.
    private const int MostAtOnce = 500;

    private static readonly RedisScript Mark = RedisScript.Named("webhook_mark");

    public bool IsOn => plan.IsOn;

    /// <summary>The marks for what changed in a room, as far as anybody wants to be told.</summary>
    public IEnumerable<string> Of(string room, bool isEntered, bool isEmptied)
    {
        if ((isEntered || isEmptied) && plan.WantsOccupancy(room))
        {
            if (isEntered)
                yield return Entered + room;
            if (isEmptied)
                yield return Vacated + room;
        }

        if (policies.For(room).Presence && plan.WantsMembers(room))
            yield return Members + room;
    }

    /// <summary>Whatever may have changed in a room.</summary>
    public IReadOnlyCollection<string> AllOf(string room) => IsOn ? [.. Of(room, isEntered: true, isEmptied: true)] : [];

    public async Task MarkAsync(IReadOnlyCollection<string> marks)
    {
        foreach (var chunk in marks.Chunk(MostAtOnce))
        {
            var arguments = new RedisValue[chunk.Length * 2];
            for (var i = 0; i < chunk.Length; i++)
            {
                arguments[i * 2] = chunk[i][0] == Vacated ? (long)plan.DelayOf(chunk[i][1..]).TotalMicroseconds : 0;
                arguments[(i * 2) + 1] = chunk[i];
            }

            await Mark.RunAsync(link.Database, [keys.WebhookDue], arguments);
        }
    }
}
