namespace Baton.Lab.Terms;

/// <summary>How two ends should meet, as a scenario says it: <c>psk, ike aes256gcm16-prfsha256-ecp256, esp aes256gcm16, pool</c>.</summary>
/// <remarks>Proposals are spelled as strongSwan spells them; the table of docs/interop.md shows them like that.</remarks>
public sealed record TunnelTerms
{
    /// <summary>psk, rsa2048, rsa3072, ecdsa256, ecdsa384 or ecdsa521.</summary>
    public string Auth { get; init; } = "psk";

    public string Ike { get; init; } = "aes256gcm16-prfsha256-ecp256";

    public string Esp { get; init; } = "aes128gcm16";

    /// <summary>The peer asks for inner addresses of both families, and the cluster gives them (RFC 7296 3.15).</summary>
    public bool Pool { get; init; }

    /// <summary>The other way round: the cluster asks, the peer gives.</summary>
    public bool Asks { get; init; }

    /// <summary>The certificates are so long that IKE_AUTH is sent in fragments (RFC 7383).</summary>
    public bool LongCertificates { get; init; }

    public bool Ipv6 { get; init; }

    /// <summary>Seconds of silence before the peer asks whether we live; zero: never.</summary>
    public int Liveness { get; init; }

    /// <summary>Child SAs only with a key exchange of their own (RFC 7296 1.3.1, 1.3.3); its group is one of <see cref="Esp"/>. The first child, made by IKE_AUTH, has none.</summary>
    public bool ForwardSecret { get; init; }

    /// <summary>ESP as protocol 50, without UDP.</summary>
    public bool RawEsp { get; init; }

    /// <summary>The peer begins at port 500 and moves to 4500 when it finds a NAT (RFC 7296 2.23); ESP goes by UDP only for that.</summary>
    public bool FromIkePort { get; init; }

    /// <summary>Number of further peers that the same connection of the cluster takes, each with an identity of its own.</summary>
    public bool IsMany { get; init; }

    public bool IsCertificate => Auth != "psk";

    /// <summary>The name of the connection: one for each way in which a peer shows who it is and what it is given.</summary>
    public string Kind => IsMany ? "many" : Auth + (LongCertificates ? "-long" : "") + (Pool ? "-pool" : "") + (Asks ? "-asks" : "") + (Ipv6 ? "-ipv6" : "") + (ForwardSecret ? "-pfs" : "") + (RawEsp ? "-raw" : "") + (FromIkePort ? "-500" : "");

    /// <summary>What of a side's two nets the tunnel carries: one of them, or both where addresses are given.</summary>
    public string[] Nets(string net, string net6) => Pool || Asks ? [net, net6] : Ipv6 ? [net6] : [net];

    /// <summary>Who the peer says it is.</summary>
    public string PeerIdentity => $"{Kind}.{LabCertificates.PeerName}";

    /// <summary>All kinds that a strongSwan peer of the lab may ask for.</summary>
    public static IReadOnlyList<TunnelTerms> Kinds { get; } =
    [
        new(), new() { Pool = true }, new() { Asks = true }, new() { Ipv6 = true }, new() { ForwardSecret = true },
        .. new[] { "rsa2048", "rsa3072", "ecdsa256", "ecdsa384", "ecdsa521" }.Select(auth => new TunnelTerms { Auth = auth }),
        new() { Auth = "rsa2048", LongCertificates = true },
        new() { IsMany = true },
    ];

    public static TunnelTerms Parse(string text)
    {
        var terms = new TunnelTerms();
        foreach (string term in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = term.Split(' ');
            terms = (words[0], words.Length) switch
            {
                ("psk" or "rsa2048" or "rsa3072" or "ecdsa256" or "ecdsa384" or "ecdsa521", 1) => terms with { Auth = words[0] },
                ("ike", 2) => terms with { Ike = words[1] },
                ("esp", 2) => terms with { Esp = words[1] },
                ("pool", 1) => terms with { Pool = true },
                ("asks", 1) => terms with { Asks = true },
                ("long", 2) when words[1] == "certificates" => terms with { LongCertificates = true },
                ("ipv6", 1) => terms with { Ipv6 = true },
                ("pfs", 1) => terms with { ForwardSecret = true },
                ("raw", 2) when words[1] == "esp" => terms with { RawEsp = true },
                ("port", 2) when words[1] == "500" => terms with { FromIkePort = true },
                ("liveness", 2) => terms with { Liveness = int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture) },
                _ => throw new LabException($"\"{term}\" is no term of a tunnel"),
            };
        }

        return terms;
    }
}
