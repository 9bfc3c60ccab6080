using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Fanout.Node.Auth;

/// <summary>Reads a public key in PEM.</summary>
internal static class PublicKeys
{
    /// <exception cref="ArgumentException">The text is no RSA or EC public key in PEM.</exception>
    public static SecurityKey FromPem(string pem)
    {
        try
        {
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            var ecdsa = ECDsa.Create();
            try
            {
                ecdsa.ImportFromPem(pem);
                return new ECDsaSecurityKey(ecdsa);
            }
            catch (CryptographicException inner)
            {
                throw new ArgumentException("not an RSA or EC public key in PEM", nameof(pem), inner);
            }
        }
    }
}
