using System.Globalization;
using Baton.Lab.Scenarios;
using Baton.Lab.Traffic;

namespace Baton.Lab.Steps;

/// <summary>What must have come of it, and medians over repetitions.</summary>
public sealed class ExpectSteps(Story story, TrafficSteps traffic)
{
    /// <summary>From the last blow to now, both phones and the probe: what was lost, and how long nothing came.</summary>
    [Step("measure what was lost")]
    public void Measure() => MeasureAs("");

    /// <summary>Each kind of blow has a series of its own.</summary>
    [Step("measure what was lost as {blow}")]
    public void MeasureAs(string blow)
    {
        string of = blow.Length > 0 ? $"{blow} " : "";
        WaitForTheCall();
        ProbeReading probe = story.Probe;
        CallReading call = story.Call;
        story.Measure($"{of}call lost", Math.Max(call.LostAtPeer, call.LostAtCluster));
        story.Measure($"{of}outage ms", probe.OutageMs);
        story.Measure($"{of}delivered twice", probe.DeliveredTwice + call.DeliveredTwice);
        story.Say(string.Create(CultureInfo.InvariantCulture,
            $"call lost {call.LostAtPeer} to the peer, {call.LostAtCluster} to the cluster; outage {probe.ToPeer.OutageMs:0.0} ms to the peer, {probe.FromPeer.OutageMs:0.0} ms to the cluster; probe lost {probe.ToPeer.Lost} and {probe.FromPeer.Lost}"));
    }

    [Step("expect the median of {what} at most {limit}")]
    public void Median(string what, double limit)
    {
        double[] series = [.. Series(what).Order()];
        double median = (series[(series.Length - 1) / 2] + series[series.Length / 2]) / 2;
        story.Say(string.Create(CultureInfo.InvariantCulture, $"{what}: median {median:0.#}, {series[0]:0.#} to {series[^1]:0.#} in {series.Length} times"));
        if (median > limit) throw new LabException(string.Create(CultureInfo.InvariantCulture, $"the median of {string.Join(", ", Series(what).Select(value => value.ToString("0.#", CultureInfo.InvariantCulture)))} is {median:0.#}"));
    }

    [Step("expect {what} always {value}")]
    public void Always(string what, double value)
    {
        if (Series(what).Any(one => one != value)) throw new LabException($"it was {string.Join(", ", Series(what))}");
    }

    [Step("expect call lost at most {packets} each way")]
    public void CallLost(int packets)
    {
        WaitForTheCall();
        CallReading call = story.Call;
        if (call.LostAtPeer > packets || call.LostAtCluster > packets) throw new LabException($"{call.LostAtPeer} to the peer, {call.LostAtCluster} to the cluster");
    }

    /// <summary>Says where they were lost. What was overtaken only has come by the time that a few hundred later ones have.</summary>
    [Step("expect probe lost {packets}")]
    public void ProbeLost(int packets)
    {
        const int later = 200;
        if (IsLess(story.Probe)) return;
        traffic.ProbeHasPassed(later);
        ProbeReading probe = story.Probe;
        if (!IsLess(probe)) throw new LabException($"{probe.ToPeer.Lost} were lost to the peer, {probe.FromPeer.Lost} to the cluster; {story.TellLosses()}");

        bool IsLess(ProbeReading now) => now.ToPeer.Lost + now.FromPeer.Lost <= packets;
    }

    /// <summary>A packet is known to be lost when later ones have come: so a few later ones are awaited, each way.</summary>
    private void WaitForTheCall()
    {
        const int later = 5;
        CallReading now = story.Call;
        story.Room.Wait.Until("both phones hear each other again", TimeSpan.FromSeconds(10), () =>
            story.Call is var call && call.ReceivedAtPeer >= now.ReceivedAtPeer + later && call.ReceivedAtCluster >= now.ReceivedAtCluster + later);
    }

    private List<double> Series(string what) => story.Measured.TryGetValue(what, out List<double>? series) ? series : throw new LabException($"\"{what}\" was never measured");
}
