using System.Buffers;
using System.Text;
using Fanout.Node.Connections.Handshake;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;

namespace Fanout.Node.Connections.FastLane;

/// <summary>What the first bytes of a connection are.</summary>
internal enum FirstBytes
{
    /// <summary>Could be an upgrade to the socket endpoint; more bytes are needed to tell.</summary>
    Undecided,

    /// <summary>An upgrade to the socket endpoint.</summary>
    Upgrade,

    /// <summary>Something for ASP.NET: another path, a plain request, TLS, HTTP/2, rubbish.</summary>
    Other,
}

/// <summary>
/// Looks at the first request of a connection without taking it. Only a request that is an upgrade to the socket endpoint beyond doubt is taken
/// below HTTP; whatever is odd goes to ASP.NET, which knows how to refuse it.
/// </summary>
/// <remarks>
/// One for each connection. A byte is looked at once, and the request parsed once, when all of it is there: a peer that sends it in a thousand pieces
/// costs no more than one that sends it in one.
/// </remarks>
/// <param name="takesEcho">Whether <see cref="EchoPath"/> is ours too.</param>
internal sealed class UpgradeRequestReader(bool takesEcho = false)
{
    public const string Path = "/ws";
    public const string EchoPath = "/echo";

    // Kestrel's own limits, by default: for a request line and headers together, and for the number of headers.
    private const int MaxRequestBytes = 32 * 1024;
    private const int MaxHeaders = 100;
    private static readonly HttpParser<Handler> Parser = new();

    // How far the buffer has been searched for the empty line that ends a request.
    private int _searched;

    /// <summary>Reads the request if it is all there.</summary>
    /// <param name="buffer">From the connection's first byte on; each time more of it.</param>
    /// <param name="consumed">Where the bytes behind the request begin.</param>
    public FirstBytes Read(in ReadOnlySequence<byte> buffer, out HandshakeRequest? request, out SequencePosition consumed)
    {
        request = null;
        consumed = buffer.Start;
        if (!Begins(buffer, "GET /ws"u8) && !(takesEcho && Begins(buffer, "GET /echo"u8)))
            return FirstBytes.Other;
        if (EndOf(buffer) is not { } end)
            return buffer.Length > MaxRequestBytes ? FirstBytes.Other : FirstBytes.Undecided;
        // However it came: one read can bring far more than the limit.
        if (end > MaxRequestBytes)
            return FirstBytes.Other;

        var handler = new Handler(takesEcho);
        var reader = new SequenceReader<byte>(buffer.Slice(0, end));
        try
        {
            if (!Parser.ParseRequestLine(handler, ref reader) || !handler.IsUpgradePath || !Parser.ParseHeaders(handler, ref reader) || !handler.IsUpgrade)
                return FirstBytes.Other;
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            return FirstBytes.Other;
        }

        request = handler.ToRequest();
        consumed = buffer.GetPosition(end);
        return FirstBytes.Upgrade;
    }

    // The first bytes of all that is ours, and that the path ends there, so that other traffic is passed on at once.
    private static bool Begins(in ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> prefix)
    {
        Span<byte> start = stackalloc byte[prefix.Length + 1];
        var length = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, length).CopyTo(start);
        var common = Math.Min(length, prefix.Length);
        return prefix[..common].SequenceEqual(start[..common]) && (length <= prefix.Length || start[^1] is (byte)' ' or (byte)'?');
    }

    // Behind the first empty line, whichever way its ends are written: whether they may be is the parser's business. Null where there is none yet.
    private int? EndOf(in ReadOnlySequence<byte> buffer)
    {
        // A line's end and up to two bytes of the empty line behind it may have been there already.
        var from = Math.Max(0, _searched - 2);
        var to = (int)Math.Min(buffer.Length, MaxRequestBytes + 1);
        var reader = new SequenceReader<byte>(buffer.Slice(from, to - from));
        while (reader.TryAdvanceTo((byte)'\n'))
        {
            if (reader.IsNext((byte)'\n', advancePast: true) || reader.IsNext("\r\n"u8, advancePast: true))
                return from + (int)reader.Consumed;
        }

        _searched = to;
        return null;
    }

    private sealed class Handler(bool takesEcho) : IHttpRequestLineHandler, IHttpHeadersHandler
    {
        private string? _version, _key, _origin, _host, _authorization;
        private HeaderList _connection, _upgrade, _protocols, _extensions, _forwardedFor, _forwardedHost;
        private int _headers;
        private string _query = "";
        private bool _hasBody;
        private bool _isRepeated;

        public bool IsUpgradePath { get; private set; }

        private bool IsEcho { get; set; }

        public bool IsUpgrade => !_hasBody && !_isRepeated && _headers <= MaxHeaders && _host is not null && _upgrade.Contains("websocket");

        public HandshakeRequest ToRequest() => new()
        {
            IsEcho = IsEcho,
            Upgrade = _upgrade.Joined,
            Connection = _connection.Joined,
            Version = _version,
            Key = _key,
            Protocols = _protocols.Joined,
            Extensions = _extensions.Joined,
            Origin = _origin,
            Host = _host,
            Authorization = _authorization,
            ForwardedFor = _forwardedFor.Joined,
            ForwardedHost = _forwardedHost.Joined,
            Query = _query,
        };

        public void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine)
        {
            var target = startLine[targetPath.Offset..];
            // A target that is not plain (an absolute URL, an encoded path) is for ASP.NET.
            var path = target[..targetPath.Length];
            IsEcho = takesEcho && path.SequenceEqual("/echo"u8);
            IsUpgradePath = versionAndMethod is { Method: Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod.Get, Version: Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpVersion.Http11 }
                && !targetPath.IsEncoded && (IsEcho || path.SequenceEqual("/ws"u8));
            if (IsUpgradePath)
                _query = Encoding.Latin1.GetString(target[targetPath.Length..]);
        }

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            if (++_headers > MaxHeaders)
                return;
            switch (name.Length)
            {
                case 4 when Is(name, "host"u8):
                    Set(ref _host, value);
                    break;
                case 6 when Is(name, "origin"u8):
                    Set(ref _origin, value);
                    break;
                case 7 when Is(name, "upgrade"u8):
                    _upgrade.Add(value);
                    break;
                case 10 when Is(name, "connection"u8):
                    _connection.Add(value);
                    break;
                case 13 when Is(name, "authorization"u8):
                    Set(ref _authorization, value);
                    break;
                case 15 when Is(name, "x-forwarded-for"u8):
                    _forwardedFor.Add(value);
                    break;
                case 16 when Is(name, "x-forwarded-host"u8):
                    _forwardedHost.Add(value);
                    break;
                case 17 when Is(name, "sec-websocket-key"u8):
                    Set(ref _key, value);
                    break;
                case 21 when Is(name, "sec-websocket-version"u8):
                    Set(ref _version, value);
                    break;
                case 22 when Is(name, "sec-websocket-protocol"u8):
                    _protocols.Add(value);
                    break;
                case 24 when Is(name, "sec-websocket-extensions"u8):
                    _extensions.Add(value);
                    break;
                case 14 when Is(name, "content-length"u8):
                case 17 when Is(name, "transfer-encoding"u8):
                case 6 when Is(name, "expect"u8):
                    _hasBody = true;
                    break;
            }
        }

        public void OnHeadersComplete(bool endStream)
        {
        }

        public void OnStaticIndexedHeader(int index)
        {
        }

        public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value)
        {
        }

        private void Set(ref string? field, ReadOnlySpan<byte> value)
        {
            _isRepeated |= field is not null;
            field = Encoding.Latin1.GetString(value);
        }

        private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lowerCase) => System.Text.Ascii.EqualsIgnoreCase(name, lowerCase);
    }

    // A list may come in several headers (RFC 9110, section 5.3). Put together once, at the end.
    private struct HeaderList
    {
        private string? _first;
        private List<string>? _more;

        public readonly string? Joined => _more is null ? _first : string.Join(", ", _more);

        public void Add(ReadOnlySpan<byte> value)
        {
            var text = Encoding.Latin1.GetString(value);
            if (_first is null)
                _first = text;
            else
                (_more ??= [_first]).Add(text);
        }

        public readonly bool Contains(string part) =>
            _more?.Exists(value => value.Contains(part, StringComparison.OrdinalIgnoreCase)) ?? _first?.Contains(part, StringComparison.OrdinalIgnoreCase) ?? false;
    }
}
