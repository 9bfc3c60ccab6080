using System.Text;
using Fanout.Node.BackEnds;
using Xunit;

namespace Fanout.Tests.Unit.BackEnds;

public sealed class RequestSignerTests
{
    // printf '%s.%s' 1795601234 '{"events":[]}' | openssl dgst -sha256 -hmac 'a secret of 16 characters or more' -hex
    [Fact]
    public void Signature_IsWhatOpenSslSays()
    {
        var signer = new RequestSigner("a secret of 16 characters or more");

        var signature = signer.Sign(DateTimeOffset.FromUnixTimeSeconds(1795601234), Encoding.UTF8.GetBytes("""{"events":[]}"""));

        Assert.Equal("t=1795601234,v1=f0bd30b0344ab4da6e57e25044e763592ce5c05e56210530bc34e978f0215cc7", signature);
    }

    [Theory]
    [InlineData("https://api.example/hook?key=secret", "https://api.example/hook")]
    [InlineData("https://api.example/hook", "https://api.example/hook")]
    [InlineData("https://user:secret@api.example:8443/hook", "https://api.example:8443/hook")]
    [InlineData("backend:9000?key=secret", "backend:9000")]
    [InlineData("", "")]
    public void ShownUrl_HasNoQuery(string url, string shown) => Assert.Equal(shown, BackEndHttp.Shown(url));
}
