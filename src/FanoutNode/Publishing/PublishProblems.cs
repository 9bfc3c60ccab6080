using Fanout.Node.Backplane;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Publishing;

/// <summary>What a publisher is told when its publish did not succeed.</summary>
internal static class PublishProblems
{
    /// <summary>Null for an outcome that is none.</summary>
    public static (ErrorCode Code, string Text)? Of(PublishOutcome outcome) => outcome switch
    {
        PublishOutcome.Conflict => (ErrorCode.Conflict, "this key was used with another payload"),
        PublishOutcome.Unavailable => (ErrorCode.BackplaneUnavailable, "the backplane is away or refuses it; nothing was published"),
        PublishOutcome.Unknown => (ErrorCode.Timeout, "the backplane did not answer in time; the message may have been published"),
        _ => null,
    };
}
