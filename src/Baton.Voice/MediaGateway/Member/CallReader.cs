using System.Net;
using System.Security.Cryptography;
using Baton.Cluster.Configuration;
using Baton.Linux;
using Baton.Srtp;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>From a call as it is said to one that can be relayed; or why not, in a sentence.</summary>
internal static class CallReader
{
    private const int LongestName = 255;
    private const int LongestNote = 4_096;

    private static readonly Dictionary<string, SrtpSuite> Suites = Enum.GetValues<SrtpSuite>().ToDictionary(suite => suite.SdesName());

    /// <param name="before">The call as it is here; its keys go on where they are the same.</param>
    /// <param name="setting">The caller's to dispose, but for the keys that it shares with <paramref name="before"/>.</param>
    public static string? Read(P.MediaCall said, MediaOptions options, CallSetting? before, out CallSetting setting)
    {
        setting = null!;
        if (said.Id == 0 || said.Version == 0)
            return "a call has an id and a version above 0";
        if (System.Text.Encoding.UTF8.GetByteCount(said.Name) > LongestName || said.Note.Length > LongestNote)
            return $"its name is longer than {LongestName} bytes, or its note than {LongestNote}";
        if (said.FromTag.Length > LongestName || said.ToTag.Length > LongestName)
            return $"a tag is longer than {LongestName}";
        if (said.A is null || said.B is null)
            return "a call has two legs";
        var ports = new IPEndPoint?[4];
        if (Ports(said.A, options, ports.AsSpan(0, 2)) is { } wrongA)
            return $"leg a: {wrongA}";
        if (Ports(said.B, options, ports.AsSpan(2, 2)) is { } wrongB)
            return $"leg b: {wrongB}";
        if (ports.OfType<IPEndPoint>().Distinct().Count() < ports.OfType<IPEndPoint>().Count())
            return "a port of ours is there twice";
        if (CheckLeg(said.A) is { } badA)
            return $"leg a: {badA}";
        if (CheckLeg(said.B) is { } badB)
            return $"leg b: {badB}";
        P.SrtpKey[] keys = [.. new[] { said.A.PhoneKey, said.A.OurKey, said.B.PhoneKey, said.B.OurKey }.OfType<P.SrtpKey>()];
        if (keys.Select(key => key.KeyAndSalt).Distinct().Count() < keys.Length)
            return "a key is there twice: each direction of each leg has its own";
        var without = new P.MediaCall { Id = said.Id, Version = said.Version, Name = said.Name, Note = said.Note, FromTag = said.FromTag, ToTag = said.ToTag };
        setting = new CallSetting(without, Leg(said.A, before?.A), Leg(said.B, before?.B), ports);
        return null;
    }

    private static string? Ports(P.MediaLegSetting leg, MediaOptions options, Span<IPEndPoint?> ports)
    {
        IPAddress? address = options.Addresses[0];
        if (leg.LocalAddress.Length > 0 && (!IPAddress.TryParse(leg.LocalAddress, out address) || !options.Addresses.Contains(address)))
            return $"{leg.LocalAddress} is none of our addresses ([media] addresses)";
        uint rtcp = leg.LocalRtcpPort == 0 ? leg.LocalRtpPort + 1 : leg.LocalRtcpPort;
        if (!IsOurs(leg.LocalRtpPort) || (!leg.RtcpMux && !IsOurs(rtcp)))
            return $"its ports are not within {options.FirstPort} to {options.LastPort} ([media])";
        ports[0] = new IPEndPoint(address, (int)leg.LocalRtpPort);
        ports[1] = leg.RtcpMux ? null : new IPEndPoint(address, (int)rtcp);
        return null;

        bool IsOurs(uint port) => port >= options.FirstPort && port <= options.LastPort;
    }

    private static string? CheckLeg(P.MediaLegSetting leg)
    {
        if (leg.PhoneAddress.Length > 0 && !IPAddress.TryParse(leg.PhoneAddress, out _))
            return $"{leg.PhoneAddress} is no address";
        if (leg.PhoneRtpPort > ushort.MaxValue || leg.PhoneRtcpPort > ushort.MaxValue)
            return "its phone's port is above 65,535";
        if (leg.Transport is not (P.MediaTransport.Plain or P.MediaTransport.Srtp))
            return "its transport is not known";
        if (leg.Transport == P.MediaTransport.Plain)
            return leg.PhoneKey is null && leg.OurKey is null ? null : "it is plain and has keys";
        if (leg.Answered && (leg.PhoneKey is null || leg.OurKey is null))
            return "it is SRTP and has not both keys";
        foreach (P.SrtpKey key in new[] { leg.PhoneKey, leg.OurKey }.OfType<P.SrtpKey>())
        {
            if (!Suites.TryGetValue(key.Suite, out SrtpSuite suite))
                return "its suite is not known";
            if (key.KeyAndSalt.Length != SrtpMasterKey.LengthOf(suite))
                return $"a key of {key.Suite} has {SrtpMasterKey.LengthOf(suite)} bytes with its salt, not {key.KeyAndSalt.Length}";
        }

        return null;
    }

    private static MediaLegDescription Leg(P.MediaLegSetting leg, MediaLegDescription? before)
    {
        (UdpEndpoint rtp, UdpEndpoint rtcp) = (default, default);
        if (leg.PhoneAddress.Length > 0 && leg.PhoneRtpPort > 0)
        {
            IPAddress phone = IPAddress.Parse(leg.PhoneAddress);
            rtp = UdpEndpoint.From(new IPEndPoint(phone, (int)leg.PhoneRtpPort));
            uint above = Math.Min(leg.PhoneRtpPort + 1, ushort.MaxValue);
            rtcp = UdpEndpoint.From(new IPEndPoint(phone, (int)(leg.PhoneRtcpPort == 0 ? above : leg.PhoneRtcpPort)));
        }

        return new MediaLegDescription(rtp, rtcp, leg.RtcpMux, Key(leg.PhoneKey, before?.PhoneKey), Key(leg.OurKey, before?.OurKey))
        {
            EncryptsRtcp = !leg.UnencryptedSrtcp,
            IsAnswered = leg.Answered,
        };
    }

    private static SrtpMasterKey? Key(P.SrtpKey? said, SrtpMasterKey? before)
    {
        if (said is null)
            return null;
        SrtpSuite suite = Suites[said.Suite];
        return before is not null && before.Suite == suite && CryptographicOperations.FixedTimeEquals(before.KeyAndSalt, said.KeyAndSalt.Span)
            ? before
            : new SrtpMasterKey(suite, said.KeyAndSalt.Span);
    }
}
