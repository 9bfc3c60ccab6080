namespace Fanout.Tests.TestKit.Sockets;

/// <summary>How a connection ended.</summary>
/// <param name="Code">Null when no close frame came at all, 1005 when it had no body.</param>
/// <param name="Skipped">The frames that came before the close and that nobody had asked for.</param>
public sealed record WebSocketClose(int? Code, string Reason, TcpEnd End, IReadOnlyList<WebSocketFrame> Skipped)
{
    public override string ToString() => $"close {Code?.ToString() ?? "without a frame"} \"{Reason}\", TCP {End}";
}
