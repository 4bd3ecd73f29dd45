using Baton.Lab.Hosts;
using Baton.Lab.Scenarios;
using Baton.Lab.Traffic;

namespace Baton.Lab.Steps;

/// <summary>Strangers at the cluster's IKE port, and what they cost the member that works.</summary>
public sealed class FloodSteps(Story story)
{
    private Strangers? _strangers;
    private long _bytesBefore;

    [Step("strangers send {rate} first messages a second")]
    public void Begin(double rate)
    {
        _bytesBefore = story.BatonCluster.ResidentBytes(Active);
        _strangers = story.Room.Keep(new Strangers(story.Network.Router, Network.ClusterAddress, rate));
    }

    [Step("{count} further strangers have been asked for a cookie")]
    public void Cookies(int count)
    {
        long before = story.BatonCluster.Node(Active).Counter("ike.cookies");
        story.Room.Wait.Until($"{count} further cookies have been asked for", TimeSpan.FromMinutes(1),
            () => story.BatonCluster.Node(Active).Counter("ike.cookies") >= before + count, story.BatonCluster.LastWords);
    }

    [Step("expect the active to hold at most {count} half-open ike sas")]
    public void HalfOpen(int count)
    {
        long seen = story.BatonCluster.Node(Active).Counter("ike.half-open");
        story.Say($"{seen} half-open IKE SAs");
        if (seen > count) throw new LabException($"it holds {seen}");
    }

    /// <summary>Resident memory, since the strangers began.</summary>
    [Step("expect the active to have grown by at most {size} MB")]
    public void Grown(int size)
    {
        const double megaByte = 1e6;
        double grown = (story.BatonCluster.ResidentBytes(Active) - _bytesBefore) / megaByte;
        story.Say($"its memory has grown by {grown:0.0} MB");
        if (grown > size) throw new LabException($"it has grown by {grown:0.0} MB");
    }

    [Step("the strangers end")]
    public void End() => _strangers?.Dispose();

    private Host Active => story.BatonCluster.Active ?? throw new LabException("nobody is active");
}
