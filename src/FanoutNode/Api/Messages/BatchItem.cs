namespace Fanout.Node.Api.Messages;

/// <summary>One message of a batch, as far as it could be read.</summary>
/// <param name="Room">Checked; of a push the user's room.</param>
/// <param name="IsUser">Whether it was addressed to a user.</param>
/// <param name="Payload">Checked; part of the request's body.</param>
/// <param name="Problem">Why it is not published; null where it is.</param>
internal readonly record struct BatchItem(string Room, bool IsUser, ReadOnlyMemory<byte> Payload, PublishHeaders Headers, ApiProblem? Problem)
{
    public static BatchItem Refused(ApiProblem problem) => new("", false, default, default, problem);
}
