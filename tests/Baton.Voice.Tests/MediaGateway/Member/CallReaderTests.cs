using System.Net;
using Baton.Cluster.Configuration;
using Baton.Srtp;
using Baton.Voice.MediaGateway.Member;
using Google.Protobuf;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.Tests.MediaGateway.Member;

public sealed class CallReaderTests
{
    private static readonly MediaOptions Options = new([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2")], 20_000, 20_100, TimeSpan.FromSeconds(60), []);

    [Fact]
    public void A_call_of_a_plain_and_an_SRTP_leg_has_its_ports_addresses_and_keys()
    {
        P.MediaCall said = Call();
        said.B.LocalAddress = "192.0.2.2";
        said.B.RtcpMux = true;
        Assert.Null(CallReader.Read(said, Options, null, out CallSetting setting));
        Assert.Equal(["192.0.2.1:20000", "192.0.2.1:20001", "192.0.2.2:20002", null], setting.Ports.Select(port => port?.ToString()));
        Assert.Equal(("198.51.100.7:4000", "198.51.100.7:4001"), (setting.A.Rtp.ToString(), setting.A.Rtcp.ToString()));
        Assert.Equal((null, SrtpSuite.AesCm128Tag80), (setting.A.PhoneKey, setting.B.PhoneKey!.Suite));
        setting.DisposeBut(null);
    }

    [Fact]
    public void A_key_that_stays_is_the_same_object_and_one_that_changed_is_another()
    {
        P.MediaCall said = Call();
        Assert.Null(CallReader.Read(said, Options, null, out CallSetting before));
        P.MediaCall next = said.Clone();
        next.Version = 2;
        next.B.PhoneKey = Key(9);
        Assert.Null(CallReader.Read(next, Options, before, out CallSetting after));
        Assert.Same(before.B.OurKey, after.B.OurKey);
        Assert.NotSame(before.B.PhoneKey, after.B.PhoneKey);

        before.DisposeBut(after);
        Assert.Equal(30, after.B.OurKey!.KeyAndSalt.Length);
        after.DisposeBut(null);
    }

    public static TheoryData<string, Action<P.MediaCall>> Wrong => new()
    {
        { "id and a version", call => call.Id = 0 },
        { "note", call => call.Note = ByteString.CopyFrom(new byte[4_097]) },
        { "two legs", call => call.B = null },
        { "none of our addresses", call => call.A.LocalAddress = "192.0.2.9" },
        { "not within", call => call.A.LocalRtpPort = 20_100 },
        { "twice", call => call.B.LocalRtpPort = 20_001 },
        { "no address", call => call.A.PhoneAddress = "phone" },
        { "plain and has keys", call => call.A.OurKey = Key(5) },
        { "not both keys", call => call.B.OurKey = null },
        { "suite is not known", call => call.B.OurKey.Suite = "NULL" },
        { "bytes with its salt", call => call.B.OurKey.KeyAndSalt = ByteString.CopyFrom(new byte[16]) },
        { "a key is there twice", call => call.B.OurKey = Key(1) },
    };

    [Theory, MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void What_cannot_be_is_said_in_a_sentence(string why, Action<P.MediaCall> spoil)
    {
        P.MediaCall said = Call();
        spoil(said);
        Assert.Contains(why, CallReader.Read(said, Options, null, out _));
    }

    [Fact]
    public void A_side_that_has_not_answered_needs_no_keys_yet()
    {
        P.MediaCall said = Call();
        (said.B.Answered, said.B.PhoneKey) = (false, null);
        Assert.Null(CallReader.Read(said, Options, null, out CallSetting setting));
        Assert.False(setting.B.IsAnswered);
        setting.DisposeBut(null);
    }

    private static P.MediaCall Call() => new()
    {
        Id = 7,
        Version = 1,
        A = new P.MediaLegSetting { LocalRtpPort = 20_000, PhoneAddress = "198.51.100.7", PhoneRtpPort = 4_000, Answered = true },
        B = new P.MediaLegSetting { LocalRtpPort = 20_002, Transport = P.MediaTransport.Srtp, PhoneKey = Key(1), OurKey = Key(2), Answered = true },
    };

    private static P.SrtpKey Key(byte fill) => new() { Suite = "AES_CM_128_HMAC_SHA1_80", KeyAndSalt = ByteString.CopyFrom([.. Enumerable.Repeat(fill, 30)]) };
}
