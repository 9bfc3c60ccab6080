using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients;

/// <summary>Turns a client's options into the path, subprotocols and headers of its handshake.</summary>
internal static class HandshakeTarget
{
    public static RawWebSocketOptions For(TestClientOptions options)
    {
        var subprotocols = new List<string> { options.Subprotocol };
        var headers = options.Headers.ToDictionary(header => header.Key, header => header.Value);
        var query = new List<string>();
        if (options.Rooms is { } rooms)
            query.Add("rooms=" + Uri.EscapeDataString(rooms));
        if (options.Token is { } token)
        {
            if (options.TokenIn == TokenPlace.Header)
                headers["Authorization"] = "Bearer " + token;
            else if (options.TokenIn == TokenPlace.Subprotocol)
                subprotocols.Add("fanout.bearer." + token);
            else
                query.Add("access_token=" + Uri.EscapeDataString(token));
        }

        if (options.Query is { Length: > 0 } more)
            query.Add(more);

        return new RawWebSocketOptions
        {
            PathAndQuery = query.Count == 0 ? options.Path : $"{options.Path}?{string.Join('&', query)}",
            Subprotocols = subprotocols,
            Headers = headers,
            ReceiveBufferBytes = options.ReceiveBufferBytes,
            Tls = options.Tls,
            Deadline = options.Deadline,
        };
    }
}
