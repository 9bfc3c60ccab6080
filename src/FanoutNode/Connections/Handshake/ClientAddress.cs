using System.Net;

namespace Fanout.Node.Connections.Handshake;

/// <summary>Who is behind the proxies: <c>X-Forwarded-For</c> is believed as far as known proxies wrote it, and no further.</summary>
internal sealed class ClientAddress(ProxyOptions options)
{
    private readonly IPNetwork[] _proxies = [.. options.Known.Select(Parse).OfType<IPNetwork>()];

    /// <summary>The request as the first known proxy saw it.</summary>
    public HandshakeRequest Apply(HandshakeRequest request)
    {
        if (_proxies.Length == 0 || request.RemoteAddress is not { } peer || !IsProxy(peer))
            return request;
        return request with { RemoteAddress = Resolve(peer, request.ForwardedFor), Host = LastOf(request.ForwardedHost) ?? request.Host };
    }

    /// <summary>An address or a network; null where it is neither.</summary>
    internal static IPNetwork? Parse(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
            return network;
        return IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
    }

    // From the right, where the nearest proxy wrote: the first address that is no proxy of ours is the client. What stands before it anybody
    // may have written.
    private IPAddress Resolve(IPAddress peer, string? forwardedFor)
    {
        var client = peer;
        var rest = forwardedFor.AsSpan();
        while (!rest.IsEmpty && IsProxy(client))
        {
            var comma = rest.LastIndexOf(',');
            if (!TryParseAddress(rest[(comma + 1)..].Trim(), out var next))
                break;
            client = next;
            rest = comma < 0 ? default : rest[..comma];
        }

        return client;
    }

    // Some proxies write a port behind the address, and brackets around IPv6's.
    private static bool TryParseAddress(ReadOnlySpan<char> text, out IPAddress address)
    {
        if (IPAddress.TryParse(text, out address!))
            return true;
        if (!IPEndPoint.TryParse(text, out var endPoint))
            return false;
        address = endPoint.Address;
        return true;
    }

    /// <summary>Whether it is the address of a known proxy.</summary>
    public bool IsProxy(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var proxy in _proxies)
        {
            if (proxy.Contains(plain))
                return true;
        }

        return false;
    }

    private static string? LastOf(string? list)
    {
        var last = list.AsSpan();
        last = last[(last.LastIndexOf(',') + 1)..].Trim();
        return last.IsEmpty ? null : last.ToString();
    }
}

/// <summary>Settings under <c>Fanout:Proxies</c>.</summary>
internal sealed class ProxyOptions
{
    /// <summary>
    /// Addresses and networks (<c>10.0.0.0/8</c>) of the proxies in front: what they say of a client's address and of the asked host is
    /// believed. Empty: nobody's word is.
    /// </summary>
    public List<string> Known { get; set; } = [];
}
