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
internal static class UpgradeRequestReader
{
    public const string Path = "/ws";
    public const string EchoPath = "/echo";

    // Kestrel's own limit for a request line and headers together, by default.
    private const int MaxRequestBytes = 32 * 1024;
    private static readonly HttpParser<Handler> Parser = new();

    /// <summary>Reads the request if it is all there.</summary>
    /// <param name="consumed">Where the bytes behind the request begin.</param>
    /// <param name="takesEcho">Whether <see cref="EchoPath"/> is ours too.</param>
    public static FirstBytes Read(ReadOnlySequence<byte> buffer, out HandshakeRequest? request, out SequencePosition consumed, bool takesEcho = false)
    {
        request = null;
        consumed = buffer.Start;
        if (!Begins(buffer, "GET /ws"u8) && !(takesEcho && Begins(buffer, "GET /echo"u8)))
            return FirstBytes.Other;

        var handler = new Handler(takesEcho);
        var reader = new SequenceReader<byte>(buffer);
        try
        {
            if (!Parser.ParseRequestLine(handler, ref reader) || (handler.IsUpgradePath && !Parser.ParseHeaders(handler, ref reader)))
                return buffer.Length > MaxRequestBytes ? FirstBytes.Other : FirstBytes.Undecided;
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            return FirstBytes.Other;
        }

        // However it came: one read can bring far more than the limit.
        if (!handler.IsUpgradePath || !handler.IsUpgrade || reader.Consumed > MaxRequestBytes)
            return FirstBytes.Other;
        request = handler.ToRequest();
        consumed = reader.Position;
        return FirstBytes.Upgrade;
    }

    // The first bytes of all that is ours, so that other traffic is passed on without being parsed twice.
    private static bool Begins(in ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> prefix)
    {
        Span<byte> start = stackalloc byte[prefix.Length];
        var length = (int)Math.Min(buffer.Length, prefix.Length);
        buffer.Slice(0, length).CopyTo(start);
        return prefix[..length].SequenceEqual(start[..length]);
    }

    private sealed class Handler(bool takesEcho) : IHttpRequestLineHandler, IHttpHeadersHandler
    {
        private string? _connection, _upgrade, _version, _key, _protocols, _extensions, _origin, _host, _authorization, _forwardedFor, _forwardedHost;
        private string _query = "";
        private bool _hasBody;
        private bool _isRepeated;

        public bool IsUpgradePath { get; private set; }

        private bool IsEcho { get; set; }

        public bool IsUpgrade => !_hasBody && !_isRepeated && _host is not null && _upgrade is not null
            && _upgrade.Contains("websocket", StringComparison.OrdinalIgnoreCase);

        public HandshakeRequest ToRequest() => new()
        {
            IsEcho = IsEcho,
            Upgrade = _upgrade,
            Connection = _connection,
            Version = _version,
            Key = _key,
            Protocols = _protocols,
            Extensions = _extensions,
            Origin = _origin,
            Host = _host,
            Authorization = _authorization,
            ForwardedFor = _forwardedFor,
            ForwardedHost = _forwardedHost,
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
            switch (name.Length)
            {
                case 4 when Is(name, "host"u8):
                    Set(ref _host, value);
                    break;
                case 6 when Is(name, "origin"u8):
                    Set(ref _origin, value);
                    break;
                case 7 when Is(name, "upgrade"u8):
                    Append(ref _upgrade, value);
                    break;
                case 10 when Is(name, "connection"u8):
                    Append(ref _connection, value);
                    break;
                case 13 when Is(name, "authorization"u8):
                    Set(ref _authorization, value);
                    break;
                case 15 when Is(name, "x-forwarded-for"u8):
                    Append(ref _forwardedFor, value);
                    break;
                case 16 when Is(name, "x-forwarded-host"u8):
                    Append(ref _forwardedHost, value);
                    break;
                case 17 when Is(name, "sec-websocket-key"u8):
                    Set(ref _key, value);
                    break;
                case 21 when Is(name, "sec-websocket-version"u8):
                    Set(ref _version, value);
                    break;
                case 22 when Is(name, "sec-websocket-protocol"u8):
                    Append(ref _protocols, value);
                    break;
                case 24 when Is(name, "sec-websocket-extensions"u8):
                    Append(ref _extensions, value);
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

        // Lists may come in several headers (RFC 9110, section 5.3).
        private static void Append(ref string? field, ReadOnlySpan<byte> value) =>
            field = field is null ? Encoding.Latin1.GetString(value) : $"{field}, {Encoding.Latin1.GetString(value)}";

        private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lowerCase) => System.Text.Ascii.EqualsIgnoreCase(name, lowerCase);
    }
}
