using System.Diagnostics;
using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;
using Baton.Crypto.Ike.Signatures;

namespace Baton.Bench;

/// <summary>What the cryptography of one IKE set-up costs one end: <c>Baton.Bench ike [MILLISECONDS A LINE]</c>.</summary>
internal static class IkeCommand
{
    internal static int Run(string[] arguments)
    {
        TimeSpan time = TimeSpan.FromMilliseconds(arguments is [string milliseconds] ? int.Parse(milliseconds) : 500);
        Console.WriteLine("| operation | microseconds | a second |");
        Console.WriteLine("| --- | --- | --- |");
        foreach (KeyExchangeGroup group in Enum.GetValues<KeyExchangeGroup>())
        {
            using KeyExchange peer = KeyExchangeFactory.System.Create(group);
            byte[] peerPublic = peer.PublicValue.ToArray();
            Line($"{group}: private value, public value, agreement", time, () =>
            {
                using KeyExchange ours = KeyExchangeFactory.System.Create(group);
                _ = ours.PublicValue;
                if (!ours.TryAgree(peerPublic, out SecretBytes? shared))
                    throw new InvalidOperationException("the peer's value is good");
                shared.Dispose();
            });
        }

        byte[] octets = new byte[400];
        foreach ((string name, AsymmetricAlgorithm key) in ((string, AsymmetricAlgorithm)[])[
            ("ECDSA P-256", ECDsa.Create(ECCurve.NamedCurves.nistP256)), ("ECDSA P-384", ECDsa.Create(ECCurve.NamedCurves.nistP384)),
            ("RSA 2048 PSS", RSA.Create(2048)), ("RSA 3072 PSS", RSA.Create(3072))])
        {
            using var signer = SigningKey.From(key);
            byte[]? data = null;
            Line($"{name}: sign", time, () => _ = signer.TrySign(SignatureVerifier.Hashes, octets, out _, out data));
            Line($"{name}: verify", time, () =>
            {
                if (SignatureVerifier.Verify(key, AuthenticationMethod.DigitalSignature, data!, octets) != SignatureVerdict.Valid)
                    throw new InvalidOperationException("the signature is good");
            });
        }

        byte[] secret = new byte[32], keys = new byte[32 + 40 + 64];
        Line("SKEYSEED and prf+ for an AEAD suite, HMAC-SHA-256", time, () =>
        {
            Prf.Compute(PrfAlgorithm.HmacSha256, octets.AsSpan(0, 64), secret, keys.AsSpan(0, 32));
            Prf.Plus(PrfAlgorithm.HmacSha256, keys.AsSpan(0, 32), octets.AsSpan(0, 80), keys);
        });
        Line("shared key MIC", time, () => _ = SharedKeyMic.Compute(PrfAlgorithm.HmacSha256, secret, octets));
        return 0;
    }

    private static void Line(string what, TimeSpan time, Action operation)
    {
        for (int warm = 0; warm < 3; warm++)
            operation();
        long started = Stopwatch.GetTimestamp();
        int count = 0;
        do
        {
            operation();
            count++;
        }
        while (Stopwatch.GetElapsedTime(started) < time);
        double each = Stopwatch.GetElapsedTime(started).TotalMicroseconds / count;
        Console.WriteLine($"| {what} | {each:F1} | {1e6 / each:F0} |");
    }
}
