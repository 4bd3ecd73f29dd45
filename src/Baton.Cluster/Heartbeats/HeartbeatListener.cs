using Baton.Crypto.Frames;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Cluster.Heartbeats;

/// <summary>From datagrams to views: opens, parses, judges. Counts what it refuses. One owner; no socket.</summary>
public sealed class HeartbeatListener(ReadOnlyMemory<byte> clusterKey, byte keyId, IReadOnlyList<string> members, TimeSpan interval, int multiplier)
    : IDisposable
{
    private readonly FrameOpener _opener = new(clusterKey.Span, keyId, HeartbeatFrame.Label);
    private readonly long[] _refused = new long[Enum.GetValues<FrameVerdict>().Length];

    public FailureDetector Detector { get; } = new(interval, multiplier);

    public long Accepted { get; private set; }

    public long Malformed { get; private set; }

    public long Refused(FrameVerdict verdict) => _refused[(int)verdict];

    /// <summary>Takes one datagram, which is decrypted in place.</summary>
    public void Take(Span<byte> datagram, Instant now, ICollection<(Incarnation Of, WitnessView View)> changes)
    {
        FrameVerdict verdict = _opener.Open(datagram, now, out Span<byte> text, out _);
        if (verdict != FrameVerdict.Opened)
        {
            _refused[(int)verdict]++;
            return;
        }

        if (!HeartbeatFrame.TryParse(text, members, out HeartbeatFrame frame))
        {
            Malformed++;
            return;
        }

        Accepted++;
        Detector.Heard(frame, now, changes);
    }

    public void Dispose() => _opener.Dispose();
}
