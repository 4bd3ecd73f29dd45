using Baton.Redundancy.Records;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Sessions;

/// <summary>The last word of each member about itself, and when it came.</summary>
internal sealed class MemberReports
{
    private readonly Dictionary<string, (Incarnation Who, P.NodeStatus Status, long At)> _byName = [];
    private readonly HashSet<TaskCompletionSource> _waiting = [];

    public void Put(Incarnation who, P.NodeStatus status)
    {
        TaskCompletionSource[] waiting;
        lock (_byName)
        {
            _byName[who.Member] = (who, status, Environment.TickCount64);
            waiting = [.. _waiting];
        }

        foreach (TaskCompletionSource each in waiting) each.TrySetResult();
    }

    public IReadOnlyDictionary<string, (Incarnation Who, P.NodeStatus Status, long At)> All()
    {
        lock (_byName) return new Dictionary<string, (Incarnation, P.NodeStatus, long)>(_byName);
    }

    /// <summary>Waits until each of these has reported at or after <paramref name="since"/>, with every SA if asked, or the time is up.</summary>
    public async Task WaitForAsync(IReadOnlyList<string> names, long since, bool withSas, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (!limit.IsCancellationRequested)
        {
            var news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_byName)
            {
                if (names.All(n => _byName.TryGetValue(n, out var report) && report.At >= since
                    && (!withSas || report.Status.Sas.Count > 0 || report.Status.SaCount == 0)))
                {
                    return;
                }

                _waiting.Add(news);
            }

            await Task.WhenAny(news.Task, Task.Delay(Timeout.Infinite, limit.Token));
            lock (_byName) _waiting.Remove(news);
        }
    }
}
