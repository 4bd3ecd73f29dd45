using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Crypto.Ike.Certificates;
using Baton.Crypto.Ike.Signatures;
using Baton.Ike;
using Baton.Ike.Authentication;

namespace Baton.Cluster.Configuration;

/// <summary>Certificates of a connection: our own with its key and issuers, the authorities that we trust, and their revocation lists.</summary>
internal static class CertificateReader
{
    public static ConnectionCredentials? Read(ConfigSection table, Identity local, Identity? remote)
    {
        string? certificateFile = table.Path("certificate", "Our certificate in PEM, with the intermediate ones behind it.", mustExist: true);
        string? keyFile = table.Path("key", "Our private key in PEM.", mustExist: true);
        IReadOnlyList<string> authorities = table.Paths("ca", "Certificates (PEM) of the authorities that the peer's certificate comes from.");
        IReadOnlyList<string> lists = table.Paths("crl", "Revocation lists (PEM or DER).");
        RevocationMode revocation = table.Flag("crl-required", false) ? RevocationMode.Required : RevocationMode.WhereListed;
        if (revocation == RevocationMode.Required && lists.Count == 0) table.Error("crl", "is missing", "Name the revocation lists, or leave crl-required out.");
        if (authorities.Count == 0) table.Error("ca", "is missing", "Name the certificates of the authorities that the peer's certificate comes from.");
        if (keyFile is not null && CredentialReader.IsOpen(keyFile))
        {
            table.Error("key", "can be read by others than its owner", $"chmod 600 {keyFile}");
            return null;
        }

        X509Certificate2Collection? own = Load(table, "certificate", certificateFile is null ? [] : [certificateFile]);
        X509Certificate2Collection? trusted = Load(table, "ca", authorities);
        SigningKey? key = LoadKey(table, keyFile);
        var revoked = new List<RevocationList>();
        foreach (string list in lists)
        {
            try
            {
                revoked.Add(RevocationList.Parse(File.ReadAllBytes(list)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or FormatException)
            {
                table.Error("crl", $"{list} is no revocation list ({e.Message})", "Write PEM or DER of a list that one of the authorities has signed.");
            }
        }

        if (own is not { Count: > 0 } || trusted is not { Count: > 0 } || key is null || revoked.Count != lists.Count) return null;
        return new(local, new CertificateCredential([.. own.Select(c => (ReadOnlyMemory<byte>)c.RawData)], key), remote,
            new CertificatePeerCredential(new CertificateAuthenticator(trusted, revoked, revocation)));
    }

    private static X509Certificate2Collection? Load(ConfigSection table, string key, IReadOnlyList<string> paths)
    {
        var all = new X509Certificate2Collection();
        foreach (string path in paths)
        {
            try
            {
                all.ImportFromPemFile(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                table.Error(key, $"{path} is no certificate ({e.Message})", "Write PEM: -----BEGIN CERTIFICATE-----.");
                return null;
            }
        }

        return all;
    }

    private static SigningKey? LoadKey(ConfigSection table, string? path)
    {
        if (path is null) return null;
        try
        {
            return SigningKey.FromPem(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            table.Error("key", $"is no private key for signatures ({e.Message})", "Write PEM of an RSA key of 2048 bits or more, or of ECDSA on P-256, P-384 or P-521.");
            return null;
        }
    }
}
