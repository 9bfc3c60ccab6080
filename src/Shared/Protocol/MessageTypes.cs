namespace Fanout.Shared.Protocol;

/// <summary>Values of the field <c>type</c>, in both directions (docs/protocol.md).</summary>
public static class MessageTypes
{
    public const string Join = "join";
    public const string Leave = "leave";
    public const string Publish = "publish";
    public const string Presence = "presence";
    public const string History = "history";
    public const string Request = "request";
    public const string Refresh = "refresh";
    public const string Ping = "ping";

    public const string Connected = "connected";
    public const string Joined = "joined";
    public const string Left = "left";
    public const string Published = "published";
    public const string Message = "message";
    public const string PresenceJoin = "presence.join";
    public const string PresenceLeave = "presence.leave";
    public const string Response = "response";
    public const string Refreshed = "refreshed";
    public const string Pong = "pong";
    public const string Error = "error";
    public const string Expiring = "expiring";
    public const string Backplane = "backplane";
    public const string Reset = "reset";
    public const string Drain = "drain";
}
