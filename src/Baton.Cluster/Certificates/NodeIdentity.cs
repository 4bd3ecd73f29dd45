using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Baton.Cluster.Certificates;

/// <summary>Who a certificate speaks for: the URI <c>baton://CLUSTER/ROLE/NAME</c> in its subject alternative names.</summary>
public sealed record NodeIdentity(string Cluster, string Role, string Name)
{
    private const string Scheme = "baton://";

    public override string ToString() => $"{Scheme}{Cluster}/{Role}/{Name}";

    public static bool TryParse(string uri, out NodeIdentity identity)
    {
        identity = null!;
        if (!uri.StartsWith(Scheme, StringComparison.Ordinal)) return false;
        string[] parts = uri[Scheme.Length..].Split('/');
        if (parts.Length != 3 || !NodeName.IsCluster(parts[0]) || !NodeName.IsValid(parts[1]) || !NodeName.IsValid(parts[2])) return false;
        identity = new(parts[0], parts[1], parts[2]);
        return true;
    }

    /// <summary>Reads the identity of a certificate; false when it has none, or more than one.</summary>
    public static bool TryRead(X509Certificate2 certificate, out NodeIdentity identity)
    {
        identity = null!;
        int found = 0;
        foreach (X509Extension extension in certificate.Extensions)
        {
            if (extension.Oid?.Value != "2.5.29.17") continue;
            try
            {
                // GeneralName ::= CHOICE { ... uniformResourceIdentifier [6] IA5String ... } (RFC 5280 4.2.1.6)
                var uriTag = new Asn1Tag(TagClass.ContextSpecific, 6);
                AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag() == uriTag)
                    {
                        string uri = names.ReadCharacterString(UniversalTagNumber.IA5String, uriTag);
                        if (TryParse(uri, out NodeIdentity read)) (identity, found) = (read, found + 1);
                    }
                    else
                    {
                        _ = names.ReadEncodedValue();
                    }
                }
            }
            catch (AsnContentException)
            {
                return false;
            }
        }

        return found == 1;
    }
}

/// <summary>Names of nodes: letters, digits, '-', '_' and '.', 1 to 63 of them.</summary>
public static class NodeName
{
    /// <summary>The cluster is the host of the URI, where capitals do not count (RFC 3986 3.2.2): so it has none.</summary>
    public static bool IsCluster(string name) =>
        name.Length is > 0 and <= 63 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-');

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= 63 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
