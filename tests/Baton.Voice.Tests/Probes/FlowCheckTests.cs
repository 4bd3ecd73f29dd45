using Baton.Voice.Probes;
using Baton.Wire;

namespace Baton.Voice.Tests.Probes;

public class FlowCheckTests
{
    private static Instant At(double milliseconds) => Instant.FromMilliseconds(milliseconds);

    [Fact]
    public void Is_paced_retries_only_the_missing_and_ends()
    {
        var check = new FlowCheck(1, flows: 100, At(0), TimeSpan.FromSeconds(1));
        var asked = new List<(uint, ProbeDirection)>();
        int most = 0;
        double now = 0;
        for (; !check.IsOver(At(now)); now++)
        {
            int before = asked.Count;
            while (check.TryNext(At(now), out uint flow, out ProbeDirection direction))
            {
                asked.Add((flow, direction));
                if (flow != 42)
                    check.Arrived(flow, direction);
            }

            most = Math.Max(most, asked.Count - before);
        }

        Assert.InRange(most, 1, 21); // 20 a millisecond
        Assert.Equal(1000, now);
        Assert.Equal(200, asked.Take(200).Distinct().Count());
        Assert.All(asked.Skip(200), again => Assert.Equal(42u, again.Item1));
        Assert.Equal(asked.Count - 200, check.Retried);
        Assert.Equal([(42, ProbeDirection.ToPeer), (42, ProbeDirection.FromPeer)], check.Missing());
        Assert.Equal(99, check.Passed(ProbeDirection.ToPeer));
    }

    [Fact]
    public void Without_flows_it_is_over_at_once() =>
        Assert.True(new FlowCheck(1, 0, At(0), TimeSpan.FromSeconds(1)).IsOver(At(0)));
}
