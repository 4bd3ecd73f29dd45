using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Baton.Crypto;
using Baton.Ike;
using Baton.Ike.Authentication;

namespace Baton.Cluster.Configuration;

/// <summary>Who a connection's two sides are, and the files with what shows it. A secret stands in a file of its own that nobody else may read.</summary>
internal static class CredentialReader
{
    private static readonly Dictionary<string, bool> Methods = new() { ["psk"] = false, ["certificate"] = true };

    /// <summary>RFC 7296 2.15: a shared key is as unpredictable as the strongest key that is negotiated; less than this is a password.</summary>
    private const int ShortestKey = 16;

    public static ConnectionCredentials? Read(ConfigSection table)
    {
        string? localId = table.Text("local-id", "Who we are: a domain name, name@domain, or an address.");
        string? remoteId = table.Text("remote-id", "Who the peer must be; leave it out for whoever is authentic.", required: false);
        bool? certificate = table.Choice("auth", Methods, fallback: null);
        Identity? local = Parse(table, "local-id", localId), remote = Parse(table, "remote-id", remoteId);
        if (certificate is null || local is null) return null;
        if (certificate == true)
            return CertificateReader.Read(table, local, remote);
        return ReadKey(table) is { } key ? new(local, new PresharedKey(key), remote, new PresharedKey(key)) : null;
    }

    private static Identity? Parse(ConfigSection table, string key, string? text)
    {
        if (text is null) return null;
        if (text.All(c => c is > ' ' and < (char)127)) return Identity.Parse(text);
        table.Error(key, "has characters that an identity does not have", "Write a domain name, name@domain, or an address.");
        return null;
    }

    private static SecretBytes? ReadKey(ConfigSection table)
    {
        string? path = table.Path("psk-file", "A file with the shared key in one line, as text or as 0x and hexadecimal digits.", mustExist: true);
        if (path is null) return null;
        if (IsOpen(path))
        {
            table.Error("psk-file", "can be read by others than its owner", $"chmod 600 {path}");
            return null;
        }

        byte[] key = [];
        try
        {
            string line = File.ReadAllText(path, Encoding.UTF8).TrimEnd('\r', '\n');
            key = line.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? Convert.FromHexString(line.AsSpan(2)) : Encoding.UTF8.GetBytes(line);
            if (key.Length >= ShortestKey && !line.Contains('\n', StringComparison.Ordinal)) return new SecretBytes(key);
            table.Error("psk-file", string.Create(CultureInfo.InvariantCulture, $"holds {key.Length} bytes"),
                $"A shared key has {ShortestKey} bytes or more, in one line: 'head -c 32 /dev/urandom | base64' makes one.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            table.Error("psk-file", e is FormatException ? "is not hexadecimal behind its 0x" : $"cannot be read ({e.Message})", "Write the key in one line, as text or as 0x and hexadecimal digits.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }

        return null;
    }

    /// <summary>May others than the owner read it?</summary>
    internal static bool IsOpen(string path)
    {
        if (OperatingSystem.IsWindows()) return false;
        return (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0;
    }
}
