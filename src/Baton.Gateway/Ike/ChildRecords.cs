using System.Net;
using System.Security.Cryptography;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Crypto.Ike;
using Baton.Ike;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Redundancy;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Ike;

/// <summary>From what was negotiated to what the data path and the ledger keep.</summary>
internal static class ChildRecords
{
    private const int WindowSize = 1024;

    /// <summary>Which suite of the records this is; null: one that the data path does not have.</summary>
    public static SaSuite? SuiteOf(in ChildSuite suite) => (suite.Encryption, suite.KeyBits, suite.Integrity) switch
    {
        (EncryptionAlgorithm.AesGcm16, 128, IntegrityAlgorithm.None) => SaSuite.AesGcm128,
        (EncryptionAlgorithm.AesGcm16, 256, IntegrityAlgorithm.None) => SaSuite.AesGcm256,
        (EncryptionAlgorithm.ChaCha20Poly1305, 256, IntegrityAlgorithm.None) => SaSuite.ChaCha20Poly1305,
        (EncryptionAlgorithm.AesCbc, 128, IntegrityAlgorithm.HmacSha256) => SaSuite.AesCbc128Sha256,
        (EncryptionAlgorithm.AesCbc, 256, IntegrityAlgorithm.HmacSha256) => SaSuite.AesCbc256Sha256,
        _ => null,
    };

    /// <summary>As people see a pair.</summary>
    public static string NameOf(string connection, string child) => connection == child ? child : $"{connection}:{child}";

    /// <summary>The two halves. Their keys are copies: whoever gets the descriptions wipes them.</summary>
    /// <param name="swap">At a lone peer, whose data path takes descriptions from the cluster's view: the sides change places.</param>
    public static (SaDescription Outbound, SaDescription Inbound) Describe(ChildSaPair pair, uint replacesOutbound, uint replacesInbound, bool swap)
    {
        SaSuite suite = SuiteOf(pair.Suite) ?? throw new InvalidOperationException($"negotiated {pair.Suite}, which the data path does not have");
        (SaSelector[] local, SaSelector[] remote) = (Selectors(pair.Local), Selectors(pair.Remote));
        if (swap)
            (local, remote) = (remote, local);

        IPEndPoint peer = PeerOf(pair.RemoteEndpoint, pair.UdpEncapsulation);
        SaMode mode = pair.Mode == ChildMode.Tunnel ? SaMode.Tunnel : SaMode.Transport;
        string name = NameOf(pair.Connection, pair.Child);
        return (Half(pair.OutboundSpi, pair.InboundSpi, pair.OutboundKeys, replacesOutbound) with { OutboundLater = !pair.OutboundAtOnce },
            Half(pair.InboundSpi, pair.OutboundSpi, pair.InboundKeys, replacesInbound));

        SaDescription Half(uint spi, uint partner, byte[] keys, uint replaces) =>
            new(name, suite, mode, spi, partner, pair.Suite.Esn, WindowSize, local, remote, peer, [.. keys])
            {
                Own = pair.LocalEndpoint,
                MadeBy = new IkeId(pair.Sa.Value),
                Child = pair.Id.Value,
                Replaces = replaces,
            };
    }

    /// <summary>New records, sealed; ids and limits come from the ledger and its holder.</summary>
    public static SaRecord NewRecord(SaDirection direction, SaDescription description, RecordSealer sealer, RedundancyOptions sizes)
    {
        var record = new SaRecord(default, direction, description.Spi, description.Extended ? CounterSpace.EspExtended : CounterSpace.Esp32,
            sealer.KeyTag(description), description.Extended ? sizes.SliceExtended : sizes.Slice32,
            Limit: 0, LimitTerm: 0, CoarseCeiling: 0, LastAuthenticated: 0, sealer.Seal(description));
        description.Wipe();
        return record;
    }

    public static void Wipe(ChildSaPair pair)
    {
        CryptographicOperations.ZeroMemory(pair.InboundKeys);
        CryptographicOperations.ZeroMemory(pair.OutboundKeys);
    }

    /// <summary>Where ESP goes. Without UDP the port is 0 (RFC 4303 in IP protocol 50).</summary>
    public static IPEndPoint PeerOf(IPEndPoint remote, bool udp) => udp ? remote : new IPEndPoint(remote.Address, 0);

    public static SaSelector[] Selectors(IReadOnlyList<TrafficSelector> selectors) =>
        [.. selectors.Select(s => new SaSelector(s.Protocol, s.StartPort, s.EndPort, IpAddress.From(s.Start), IpAddress.From(s.End)))];
}
