using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary>A certificate is renewed while clients are connected: they stay, and new ones see the new one.</summary>
public sealed class TlsReloadTests : IDisposable
{
    private readonly PemCertificate _certificate = new();

    // An endpoint with a certificate of its own, and an address that takes the default one.
    [Theory]
    [InlineData("Kestrel:Endpoints:Https:Certificate")]
    [InlineData("Kestrel:Certificates:Default")]
    public async Task RenewedCertificate_IsUsedForNewConnections_AndCutsNone(string section)
    {
        await using var node = await RunningNode.StartAsync(Options(section));
        var uri = await TlsNode.TlsUriOfAsync(node);
        await using var before = await ConnectAsync(uri);
        await before.JoinAsync("room");

        _certificate.Renew();
        // Trusts the new one alone.
        await using var after = await Eventually.ValueAsync(() => TryConnectAsync(uri), client => client is not null, "a connection by the new certificate", context: node.Process.LogTail);

        await after!.PublishAsync("room", "hello");
        Assert.Equal("hello", (string?)(await before.ExpectTypeAsync("message", "room"))["payload"]);
    }

    [Fact]
    public async Task UnusableFiles_AreReported_AndTheCertificateBeforeStays()
    {
        await using var node = await RunningNode.StartAsync(Options("Kestrel:Endpoints:Https:Certificate"));
        var uri = await TlsNode.TlsUriOfAsync(node);

        _certificate.WriteHalfAKey();
        await node.Process.WaitForLogAsync("the one before stays");
        await using (var client = await ConnectAsync(uri))
            await client.PingAsync();

        _certificate.Renew();
        await using var after = await Eventually.ValueAsync(() => TryConnectAsync(uri), client => client is not null, "a connection by the next certificate", context: node.Process.LogTail);
        await after!.PingAsync();
    }

    [Fact]
    public async Task FilesThatDoNotFit_StopTheStart_WithALineThatNamesThem()
    {
        _certificate.WriteHalfAKey();

        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(Options("Kestrel:Endpoints:Https:Certificate")));

        Assert.Equal(78, error.ExitCode);
        Assert.Contains("Kestrel:Endpoints:Https:Certificate", error.Logs, StringComparison.Ordinal);
        Assert.Contains(_certificate.KeyPath, error.Logs, StringComparison.Ordinal);
    }

    public void Dispose() => _certificate.Dispose();

    private NodeOptions Options(string section)
    {
        var options = new NodeOptions().With(
            ("Fanout:Tls:ReloadInterval", "00:00:00.1"), ($"{section}:Path", _certificate.Path), ($"{section}:KeyPath", _certificate.KeyPath));
        return section.Contains("Endpoints", StringComparison.Ordinal)
            ? options.With(("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0"), ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"))
            : options with { Urls = "http://127.0.0.1:0;https://127.0.0.1:0" };
    }

    private Task<TestClient> ConnectAsync(Uri uri) => TestClient.ConnectAsync(uri, new TestClientOptions { Tls = _certificate.Trust });

    private async Task<TestClient?> TryConnectAsync(Uri uri)
    {
        try
        {
            return await ConnectAsync(uri);
        }
        catch (System.Security.Authentication.AuthenticationException)
        {
            return null;
        }
    }
}
