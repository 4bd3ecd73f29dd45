using System.Text.Json;
using Baton.Cli.Demo.Processes;

namespace Baton.Cli.Demo.Scenario;

/// <summary>What the phones and the probe have counted at one moment.</summary>
public sealed record Reading(JsonElement PhoneAtPeer, JsonElement PhoneAtCluster, JsonElement Probe)
{
    /// <summary>Packets of the call from the cluster that the phone at the peer misses.</summary>
    public long CallLostToPeer => PhoneAtPeer.Count("lost");

    public long CallLostFromPeer => PhoneAtCluster.Count("lost");

    public long ProbeLostToPeer => Probe.GetProperty("toPeer").Count("lost");

    public long ProbeLostFromPeer => Probe.GetProperty("fromPeer").Count("lost");

    /// <summary>The longest time between two arrivals since the reading before.</summary>
    public double OutageToPeerMs => Probe.GetProperty("toPeer").GetProperty("outageMs").GetDouble();

    public double OutageFromPeerMs => Probe.GetProperty("fromPeer").GetProperty("outageMs").GetDouble();

    /// <summary>The worst gap of the probe's own sending: a starved machine, not an outage.</summary>
    public double SendGapMs => Math.Max(
        Probe.GetProperty("toPeer").GetProperty("sendGapMs").GetDouble(), Probe.GetProperty("fromPeer").GetProperty("sendGapMs").GetDouble());

    public long DeliveredTwice => PhoneAtPeer.Count("deliveredTwice") + PhoneAtCluster.Count("deliveredTwice") + Probe.Count("deliveredTwice");

    public static async Task<Reading> TakeAsync(Instrument atPeer, Instrument atCluster, Instrument probe, string mark, CancellationToken cancellation)
    {
        Task<JsonElement>[] answers = [atPeer.MarkAsync(mark, cancellation), atCluster.MarkAsync(mark, cancellation), probe.MarkAsync(mark, cancellation)];
        await Task.WhenAll(answers).ConfigureAwait(false);
        return new(await answers[0].ConfigureAwait(false), await answers[1].ConfigureAwait(false), await answers[2].ConfigureAwait(false));
    }
}

public static class JsonCounts
{
    public static long Count(this JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
