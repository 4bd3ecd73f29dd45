using System.Net;
using Baton.Cluster.Records;
using Baton.Redundancy;
using Baton.Redundancy.Records;

namespace Baton.Cluster.Configuration;

/// <summary>A pair of SAs keyed by the configuration, from the cluster's view, so that one file serves gateways and peer.</summary>
/// <remarks>Its keys live and die with one run: RFC 8221 3 forbids static keys with a counter cipher, and Baton refuses them outside of tests.</remarks>
public sealed record StaticSa(
    string Name,
    SaSuite Suite,
    SaMode Mode,
    uint SpiToPeer,
    uint SpiFromPeer,
    byte[] KeyToPeer,
    byte[] KeyFromPeer,
    IPNetwork Local,
    IPNetwork Remote,
    IPEndPoint? Peer,
    bool Extended,
    int WindowSize)
{
    public CounterSpace Space => Extended ? CounterSpace.EspExtended : CounterSpace.Esp32;

    /// <summary>From the cluster to the peer: the gateways' outbound SA, the peer's inbound one.</summary>
    public SaDescription ToPeer() =>
        new(Name, Suite, Mode, SpiToPeer, SpiFromPeer, Extended, WindowSize, [SaSelector.Of(Local)], [SaSelector.Of(Remote)], Peer, [.. KeyToPeer]);

    /// <summary>From the peer to the cluster.</summary>
    public SaDescription FromPeer() =>
        new(Name, Suite, Mode, SpiFromPeer, SpiToPeer, Extended, WindowSize, [SaSelector.Of(Local)], [SaSelector.Of(Remote)], Peer, [.. KeyFromPeer]);

    /// <summary>The two records as a member registers them: nothing used, nothing granted yet.</summary>
    public IEnumerable<SaRecord> NewRecords(RecordSealer sealer, RedundancyOptions sizes)
    {
        ulong slice = Extended ? sizes.SliceExtended : sizes.Slice32;
        yield return Record(SaDirection.Outbound, ToPeer());
        yield return Record(SaDirection.Inbound, FromPeer());

        SaRecord Record(SaDirection direction, SaDescription description)
        {
            var record = new SaRecord(default, direction, description.Spi, Space, sealer.KeyTag(description), slice,
                Limit: 0, LimitTerm: 0, CoarseCeiling: 0, LastAuthenticated: 0,
                sealer.Seal(description));
            description.Wipe();
            return record;
        }
    }

    /// <summary>Never the keys.</summary>
    public override string ToString() => $"{Name} {SpiToPeer:x8}/{SpiFromPeer:x8} {Suite}";
}
