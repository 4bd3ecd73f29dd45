using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Baton.Crypto.Ike.Certificates;

/// <summary>Is an IKE identity in a certificate? (RFC 4945 3.1)</summary>
internal static class IdentityMatch
{
    private const string SubjectAltName = "2.5.29.17";
    private const int Rfc822Name = 1, DnsName = 2, IpAddress = 7;

    /// <remarks>Names are compared whole: no wildcards, no suffixes, and never with the common name (3.1.2 leaves that to those who must).</remarks>
    internal static bool Matches(X509Certificate2 certificate, IdentityType type, ReadOnlySpan<byte> identity) => type switch
    {
        IdentityType.Ipv4Address or IdentityType.Ipv6Address => HasAlternative(certificate, IpAddress, identity, ignoreCase: false),
        IdentityType.Fqdn => HasAlternative(certificate, DnsName, identity, ignoreCase: true),
        IdentityType.Rfc822Address => HasAlternative(certificate, Rfc822Name, identity, ignoreCase: true),
        IdentityType.DerAsn1Dn => identity.SequenceEqual(certificate.SubjectName.RawData),
        _ => false,
    };

    private static bool HasAlternative(X509Certificate2 certificate, int kind, ReadOnlySpan<byte> wanted, bool ignoreCase)
    {
        if (wanted.IsEmpty)
            return false;
        foreach (X509Extension extension in certificate.Extensions)
        {
            if (extension.Oid?.Value != SubjectAltName)
                continue;
            try
            {
                AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    Asn1Tag tag = names.PeekTag();
                    if (tag.TagClass != TagClass.ContextSpecific || tag.TagValue != kind || tag.IsConstructed)
                    {
                        names.ReadEncodedValue();
                        continue;
                    }

                    byte[] name = names.ReadOctetString(tag);
                    if (ignoreCase ? Ascii.EqualsIgnoreCase(name, wanted) : wanted.SequenceEqual(name))
                        return true;
                }
            }
            catch (AsnContentException)
            {
                return false;
            }
        }

        return false;
    }
}
