namespace Fanout.Client;

/// <content>What a client tells.</content>
public sealed partial class FanoutClient
{
    /// <summary><see cref="State"/> has changed.</summary>
    public event Action<FanoutStateChange>? StateChanged;

    /// <summary>There is a connection: the first, and after each loss.</summary>
    public event Action<FanoutConnectionInfo>? Connected;

    /// <summary>A connection has ended.</summary>
    public event Action<FanoutDisconnect>? Disconnected;

    /// <summary>Before each wait for the next attempt.</summary>
    public event Action<FanoutReconnecting>? Reconnecting;

    /// <summary>For good: after <see cref="CloseAsync"/>, or because of what the error says.</summary>
    public event Action<FanoutException>? Closed;

    /// <summary><see cref="Backplane"/> has changed.</summary>
    public event Action<FanoutBackplaneState>? BackplaneChanged;

    /// <summary>The node is about to stop; the client goes elsewhere after so long.</summary>
    public event Action<TimeSpan>? Draining;

    /// <summary>The messages of all rooms that the client is in, each once.</summary>
    public event Action<FanoutMessage<FanoutPayload>>? MessageReceived;

    /// <summary>What failed and no caller waits for: a refused join, a token that could not be refreshed, a handler that threw. Logged as well.</summary>
    public event Action<FanoutException>? Failed;
}
