using System.Text.Json;

namespace Peer.SignalR;

/// <summary>One message of a batch.</summary>
internal sealed record Push(string User, JsonElement Payload);
