using System.Globalization;
using System.Text.Json;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Lab.Traffic;

/// <summary>A steady stream of numbered packets each way between the inner hosts; both ends on one clock.</summary>
public sealed class Probe : IDisposable
{
    private const int Port = 4001;

    private readonly Instrument _instrument;

    public Probe(Host peerHost, string peerAddress, Host clusterHost, string clusterAddress, int rate) => _instrument = Instrument.Start("probe",
    [
        BatonTool.Path, "probe", "--plain", "--rate", rate.ToString(CultureInfo.InvariantCulture),
        "--peer-local", Endpoint(peerAddress), "--peer-gateway", Endpoint(clusterAddress), "--peer-namespace", peerHost.SpacePath,
        "--cluster-local", Endpoint(clusterAddress), "--cluster-gateway", Endpoint(peerAddress), "--cluster-namespace", clusterHost.SpacePath,
    ]);

    public ProbeReading Look()
    {
        JsonElement mark = _instrument.Mark();
        return new ProbeReading(Way(mark.GetProperty("toPeer")), Way(mark.GetProperty("fromPeer")), mark.GetProperty("deliveredTwice").GetInt64());
    }

    public void SetRate(int rate) => _instrument.Ask($$"""{"cmd":"rate","rate":{{rate}}}""");

    public void Dispose() => _instrument.Dispose();

    private static WayReading Way(JsonElement way) => new(
        way.GetProperty("sent").GetInt64(), way.GetProperty("received").GetInt64(), way.GetProperty("lostSinceMark").GetInt64(),
        way.GetProperty("outageMs").GetDouble(), way.GetProperty("openGapMs").GetDouble(), way.GetProperty("sendGapMs").GetDouble());

    private static string Endpoint(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{Port}" : $"{address}:{Port}";
}

/// <summary>One way of the probe: all packets so far, and since the last look those lost and the longest silence.</summary>
public sealed record WayReading(long Sent, long Received, long Lost, double OutageMs, double OpenGapMs, double SendGapMs)
{
    /// <summary>This and a later look in one.</summary>
    public WayReading And(WayReading later) => later with { Lost = Lost + later.Lost, OutageMs = Math.Max(OutageMs, later.OutageMs), SendGapMs = Math.Max(SendGapMs, later.SendGapMs) };
}

public sealed record ProbeReading(WayReading ToPeer, WayReading FromPeer, long DeliveredTwice)
{
    /// <summary>This and a later look in one.</summary>
    public ProbeReading And(ProbeReading later) => new(ToPeer.And(later.ToPeer), FromPeer.And(later.FromPeer), later.DeliveredTwice);

    public double OutageMs => Math.Max(ToPeer.OutageMs, FromPeer.OutageMs);

    public bool IsFlowing => ToPeer.OpenGapMs < 10 && FromPeer.OpenGapMs < 10;
}
