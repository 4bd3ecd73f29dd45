using Baton.Cluster.Protos;
using Baton.Srtp;
using Google.Protobuf;

namespace Baton.Voice.Controller;

/// <summary>Orders as messages, and reports back.</summary>
internal static class MediaMessages
{
    private const int MostName = 255;

    /// <summary>Copies the keys.</summary>
    internal static MediaCall Of(StreamOrder order) => new()
    {
        Id = order.Id,
        Version = order.Version,
        Name = Short(order.Name),
        FromTag = Short(order.FromTag),
        ToTag = Short(order.ToTag),
        Note = UnsafeByteOperations.UnsafeWrap(order.Note),
        A = Of(order.A),
        B = Of(order.B),
    };

    internal static StreamReport Of(CallReport report) => new(Of(report.A), Of(report.B), TimeSpan.FromMilliseconds(Math.Min(report.SilentMs, 1UL << 40)));

    private static LegReport Of(Cluster.Protos.LegReport? leg) =>
        leg is null ? new LegReport("", "", 0, 0, 0, 0) : new LegReport(leg.PhoneRtp, leg.PhoneRtcp, leg.Packets, leg.Bytes, leg.RtcpPackets, leg.Dropped);

    private static MediaLegSetting Of(LegOrder leg)
    {
        var setting = new MediaLegSetting
        {
            LocalAddress = leg.Address.ToString(),
            LocalRtpPort = (uint)leg.Rtp,
            LocalRtcpPort = (uint)leg.Rtcp,
            PhoneAddress = leg.Phone?.Address.ToString() ?? "",
            PhoneRtpPort = (uint)(leg.Phone?.Port ?? 0),
            PhoneRtcpPort = (uint)(leg.PhoneRtcp?.Port ?? 0),
            RtcpMux = leg.Mux,
            Transport = leg.Srtp ? MediaTransport.Srtp : MediaTransport.Plain,
            UnencryptedSrtcp = !leg.EncryptsRtcp,
            Answered = leg.Answered,
        };
        if (leg.PhoneKey is { } theirs)
            setting.PhoneKey = Of(theirs);
        if (leg.OurKey is { } ours)
            setting.OurKey = Of(ours);
        return setting;
    }

    private static SrtpKey Of(SrtpMasterKey key) => new() { Suite = key.Suite.SdesName(), KeyAndSalt = ByteString.CopyFrom(key.KeyAndSalt) };

    /// <summary>At most so many bytes of UTF-8.</summary>
    private static string Short(string name)
    {
        while (System.Text.Encoding.UTF8.GetByteCount(name) > MostName)
            name = name[..^Math.Max(1, (name.Length - MostName) / 2)];
        return name;
    }
}
