using System.Globalization;
using System.Text.Json;
using Baton.Lab.Hosts;
using Baton.Lab.Steps;

namespace Baton.Throughput.Systems;

/// <summary>A cluster with its standby in sync, keyed by hand, and a baton peer; AES-GCM with ESN.</summary>
/// <param name="program">What gateways and peer run in place of <c>baton</c>.</param>
public sealed class BatonSystem(string name = "baton", string? program = null) : TunnelSystem
{
    public override string Name => name;

    public override string? WhyNot() => program is null || File.Exists(program) ? null : $"{program} is not there";

    /// <summary>Without its cipher only the usual tunnel says something.</summary>
    public override bool Knows(TunnelKind kind) => program is null || kind == TunnelKind.Usual;

    protected override void RaiseTunnel(Story story, TunnelKind kind)
    {
        var steps = new ClusterSteps(story);
        if (kind.RawEsp)
        {
            // Which of the two ways ESP goes, a peer and a cluster agree on by IKE.
            steps.ClusterAndPeer("psk, raw esp, esp aes128gcm16");
            new EndSteps(story).Initiate("peer");
        }
        else
        {
            IReadOnlyList<string> locals = kind.InnerV6 ? [Network.ClusterNet6] : kind.FurtherHosts > 0 ? [.. kind.Targets.Select(target => $"{target}/32")] : [Network.ClusterNet];
            steps.RaiseStatic($"{Network.PeerAddress}:4500", locals, kind.InnerV6 ? Network.PeerNet6 : Network.PeerNet, kind.Gcm256 ? "aes-gcm-256" : "aes-gcm-128", program);
        }

        steps.Ready();
    }

    /// <summary>How much the active took at once, and how much had to wait for its standby.</summary>
    public override string? Notes(Story story)
    {
        if (story.BatonCluster.ActiveNode?.Look() is not { } node)
            return null;
        JsonElement counters = node.GetProperty("counters");
        double packets = Count("esp.delivered") - Count("esp.sealed");
        return string.Create(CultureInfo.InvariantCulture, $"packets a turn {packets / Count("engine.turns"):0.0}, a write {packets / Math.Max(Count("offload.inner-merged"), 1):0.0}; ")
            + string.Create(CultureInfo.InvariantCulture, $"held {Count("held.packets") / packets:0.0%}, p99 {Count("held.p99-us"):0} us; dropped {Count("esp.held-overflow"):0}");

        double Count(string name) => counters.TryGetProperty(name, out JsonElement value) ? double.Parse(value.ToString(), CultureInfo.InvariantCulture) : 0;
    }
}
