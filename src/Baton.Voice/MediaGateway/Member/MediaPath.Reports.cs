using System.IO.Enumeration;
using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>What this member says of its calls: counters, and the quality of each stream.</summary>
public sealed partial class MediaPath
{
    private const int LongestReport = 200;

    internal P.CallReport Report(ulong id) => _calls.TryGetValue(id, out HostedCall? call)
        ? Report(call)
        : new P.CallReport { Active = _works, Id = id, Verdict = P.MediaVerdict.MediaNoSuchCall };

    internal P.CallReports Report(P.ReportCalls asked)
    {
        int most = asked.Most is 0 or > LongestReport ? LongestReport : (int)asked.Most;
        var reports = new P.CallReports { Active = _works, Term = _member.Term, TenureMs = _works ? (ulong)Math.Max(0, (_now - _worksSince).TotalMilliseconds) : 0 };
        foreach (HostedCall call in _calls.Values)
        {
            if (call.Id <= asked.After || (asked.Call.Length > 0 && !FileSystemName.MatchesSimpleExpression(asked.Call, call.Setting.Said.Name, ignoreCase: false)))
                continue;
            if (reports.Calls.Count == most)
            {
                reports.MoreAfter = reports.Calls[^1].Id;
                break;
            }

            reports.Calls.Add(Report(call));
        }

        return reports;
    }

    private P.CallReport Report(HostedCall call) => new()
    {
        Active = _works,
        Id = call.Id,
        Verdict = P.MediaVerdict.MediaGranted,
        Version = call.Setting.Said.Version,
        Name = call.Setting.Said.Name,
        FromTag = call.Setting.Said.FromTag,
        ToTag = call.Setting.Said.ToTag,
        SilentMs = (ulong)Math.Max(0, (_now - _engine.HeardAt(call.Live)).TotalMilliseconds),
        A = Report(call.Live.A),
        B = Report(call.Live.B),
    };

    private P.LegReport Report(MediaLeg leg)
    {
        (UdpEndpoint rtp, UdpEndpoint rtcp) = (leg.RemoteOf(SrtpHalf.Rtp), leg.RemoteOf(SrtpHalf.Rtcp));
        var report = new P.LegReport
        {
            PhoneRtp = rtp.IsNone ? "" : rtp.ToString(),
            PhoneRtcp = rtcp.IsNone ? "" : rtcp.ToString(),
            Packets = (ulong)leg.Counts.Packets,
            Bytes = (ulong)leg.Counts.Bytes,
            RtcpPackets = (ulong)leg.Counts.RtcpPackets,
            Dropped = (ulong)leg.Counts.Dropped,
            Suite = (leg.Description.PhoneKey ?? leg.Description.OurKey)?.Suite.SdesName() ?? "",
            Heard = Report(leg.Heard),
            HeardFirst = Report(leg.HeardFirst),
        };
        foreach ((uint ssrc, StreamMeter meter, Instant lastAt) in leg.Streams)
        {
            report.Streams.Add(new P.StreamReport
            {
                Ssrc = ssrc,
                Packets = (ulong)meter.Packets,
                Lost = meter.Lost,
                Jitter = meter.Jitter,
                Highest = meter.Packets == 0 ? 0 : meter.Highest,
                PayloadType = meter.PayloadType,
                LastHeardMs = (ulong)Math.Max(0, (_now - lastAt).TotalMilliseconds),
                Whole = Report(meter.Whole),
                First = Report(meter.First),
                Newest = Report(meter.Newest),
                LostInTakeover = (uint)meter.LostInTakeover,
            });
        }

        return report;
    }

    private static P.StretchReport? Report(StreamStretch? stretch) => stretch is null ? null : new P.StretchReport
    {
        Packets = (ulong)stretch.Packets,
        Lost = stretch.Lost,
        LongestGapMs = (ulong)stretch.LongestGap.TotalMilliseconds,
        JitterMs = Math.Round(stretch.Jitter.TotalMilliseconds, 2),
        Mos = Math.Round(stretch.OpinionScore ?? 0, 2),
    };

    private static P.HeardReport? Report(HeardReport? heard) => heard is not { } told ? null : new P.HeardReport
    {
        Ssrc = told.Ssrc,
        LostFraction = told.FractionLost,
        Lost = told.Lost,
        Highest = told.Highest,
        Jitter = told.Jitter,
        Mos = told.OpinionScore ?? 0,
    };
}
