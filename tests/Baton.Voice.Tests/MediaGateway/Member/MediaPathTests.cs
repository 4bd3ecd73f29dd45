using System.Net;
using System.Net.Sockets;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.Engine;
using Baton.Linux;
using Baton.Redundancy.Leases;
using Baton.Redundancy.Records;
using Baton.Srtp;
using Baton.Voice.MediaGateway.Member;
using Baton.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.Tests.MediaGateway.Member;

/// <summary>The media gateway as a path of a member that this test plays.</summary>
public sealed class MediaPathTests : IDisposable
{
    private readonly Socket _phoneB = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 10_000 };
    private readonly List<P.CallEvent> _said = [];
    private readonly MediaPath _path;
    private Instant _now = MonotonicClock.Now;

    public MediaPathTests()
    {
        _phoneB.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        (int first, P.MediaCall call) = Call((IPEndPoint)_phoneB.LocalEndPoint!);
        _path = new MediaPath(new MediaOptions([IPAddress.Loopback], first, first + 3, TimeSpan.FromSeconds(60), [call]), []) { Said = _said.Add };
        _path.Use(new LoneMember());
    }

    public void Dispose()
    {
        _path.Dispose();
        _phoneB.Dispose();
    }

    /// <summary>Nobody may have listened when it began.</summary>
    [Fact]
    public void A_silence_is_told_again_while_it_lasts_and_counted_once()
    {
        _path.BecomeActive(_now);
        Tend(TimeSpan.FromSeconds(59));
        Assert.DoesNotContain(_said, said => said.Kind == P.CallEventKind.CallSilent);
        Tend(TimeSpan.FromSeconds(31));
        Assert.InRange(_said.Count(said => said.Kind == P.CallEventKind.CallSilent), 3, 4);
        Assert.Equal(1, _path.SilentCalls);
    }

    /// <summary>A switchover that came to nothing has filled the room; the next one is another.</summary>
    [Fact]
    public void What_was_handed_over_long_ago_takes_no_room()
    {
        for (int i = 0; i < 5_000; i++)
            _path.Hear(Word(sequence: 1), Phone, _now);
        _now += TimeSpan.FromSeconds(2);
        _path.Hear(Word(sequence: 2), Phone, _now);
        _path.BecomeActive(_now);
        byte[] got = new byte[100];
        Assert.Equal(13, _phoneB.Receive(got));
        Assert.Equal(2, got[3]);
        Assert.Equal(0, _phoneB.Available);
    }

    private static UdpEndpoint Phone => UdpEndpoint.From(IPEndPoint.Parse("127.0.0.1:4000"));

    private void Tend(TimeSpan time)
    {
        for (Instant end = _now + time; _now < end; _now += TimeSpan.FromMilliseconds(100))
            _path.Tend(_now);
    }

    /// <summary>A packet of RTP of leg a, as the other member passes it on.</summary>
    private static byte[] Word(byte sequence)
    {
        byte[] rtp = [0x80, 0, 0, sequence, 0, 0, 0, 160, 0, 0, 0, 7, 0xAA];
        byte[] word = new byte[MediaWord.Front + rtp.Length];
        new MediaWord(MediaWordKind.Packet, 7, 1, 0, SrtpHalf.Rtp, rtp).Write(word);
        return word;
    }

    private static (int FirstPort, P.MediaCall Call) Call(IPEndPoint phoneB)
    {
        using var any = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        any.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int first = Math.Min(((IPEndPoint)any.LocalEndPoint!).Port, 65_500) & ~1;
        return (first, new P.MediaCall
        {
            Id = 7,
            Version = 1,
            A = Leg(first, 4_000),
            B = Leg(first + 2, phoneB.Port),
        });

        static P.MediaLegSetting Leg(int port, int phone) => new()
        {
            LocalRtpPort = (uint)port,
            PhoneAddress = "127.0.0.1",
            PhoneRtpPort = (uint)phone,
            Transport = P.MediaTransport.Plain,
            Answered = true,
        };
    }

    /// <summary>Nobody stands by, and nothing is registered: both legs are plain.</summary>
    private sealed class LoneMember : IMember
    {
        public ILogger Log => NullLogger.Instance;

        public RecordSealer Sealer => throw new NotSupportedException();

        public bool IsActive => true;

        public ulong Term => 1;

        public ulong InSyncRevision => 1;

        public OutboundLease? Outbound(SaId id) => null;

        public InboundCeiling? Inbound(SaId id) => null;

        public void Register(SaRecord sa, ulong token) => throw new NotSupportedException();

        public void Delete(IReadOnlyList<SaId> sas)
        {
        }

        public void Tell(ReadOnlySpan<byte> text, in UdpEndpoint about)
        {
        }

        public void HandOver(ReadOnlySpan<byte> text, in UdpEndpoint about) => throw new NotSupportedException();

        public void Post(Action action) => action();
    }
}
