using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Certificates;
using Baton.Crypto.Ike.Groups;
using Baton.Crypto.Ike.Signatures;

namespace Baton.Fuzz.Targets;

/// <summary>What a peer's key exchange values, signatures and certificates go through. The first byte says which.</summary>
/// <remarks>
/// <code>
///     0  group's index | public value     1  AUTH data of RFC 7427 against an RSA key
///     2  the same against an ECDSA key    3  length (2) | certificate, repeated
/// </code>
/// </remarks>
public sealed class IkeCredentialsTarget : IFuzzTarget
{
    private static readonly KeyExchangeGroup[] Groups = Enum.GetValues<KeyExchangeGroup>();
    private static readonly byte[] Octets = [1, 2, 3, 4];

    private readonly KeyExchange[] _exchanges = [.. Groups.Select(KeyExchangeFactory.System.Create)];
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly CertificateAuthenticator _authenticator = new([], []);

    public string Name => "ike-credentials";

    public InputBounds Bounds { get; } = new(TimeSpan.FromMilliseconds(500), 4 << 20);

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 2)
            return;
        ReadOnlySpan<byte> rest = input[1..];
        switch (input[0] % 4)
        {
            case 0:
                KeyExchange exchange = _exchanges[rest[0] % _exchanges.Length];
                bool agreed = exchange.TryAgree(rest[1..], out SecretBytes? shared);
                FuzzFaultException.Unless(agreed == shared is not null, "agreed on nothing");
                FuzzFaultException.Unless(!agreed || rest.Length - 1 == KeyExchangeGroups.PublicValueLength(exchange.Group), "a value of another length");
                FuzzFaultException.Unless(shared is null || shared.Span.ContainsAnyExcept((byte)0), "agreed on zero");
                shared?.Dispose();
                break;
            case 1:
                Refused(_rsa, rest);
                break;
            case 2:
                Refused(_ecdsa, rest);
                break;
            default:
                Certificates(rest);
                break;
        }
    }

    /// <summary>Nobody but the key's owner can sign, so nothing that comes here is valid.</summary>
    private static void Refused(AsymmetricAlgorithm key, ReadOnlySpan<byte> data) =>
        FuzzFaultException.Unless(
            SignatureVerifier.Verify(key, AuthenticationMethod.DigitalSignature, data.ToArray(), Octets) != SignatureVerdict.Valid, "a signature out of nothing");

    private void Certificates(ReadOnlySpan<byte> input)
    {
        var certificates = new List<ReadOnlyMemory<byte>>();
        while (input.Length >= 2)
        {
            int length = Math.Min((input[0] << 8) | input[1], input.Length - 2);
            certificates.Add(input.Slice(2, length).ToArray());
            input = input[(2 + length)..];
        }

        CertificateVerdict verdict = _authenticator.Authenticate(
            certificates, IdentityType.Fqdn, "gw.example"u8, AuthenticationMethod.DigitalSignature, new byte[80], Octets, DateTimeOffset.UnixEpoch.AddYears(56));
        FuzzFaultException.Unless(verdict != CertificateVerdict.Trusted, "trusted by nobody");
    }
}
