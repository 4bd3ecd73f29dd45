using Baton.Linux;
using Baton.Srtp;
using Baton.Voice.MediaGateway;
using Baton.Wire;

namespace Baton.Voice.Tests.MediaGateway;

/// <summary>Two phones and one media gateway between them, in one thread: what it sends, the phone it is sent to hears at once.</summary>
internal sealed class TestCall : IMediaSink, IDisposable
{
    private readonly byte[] _buffer = new byte[MediaEngine.MostBytes];

    public TestCall(TestPhone a, TestPhone b, bool clustered = false, bool mux = false, MediaPolicy? policy = null)
    {
        (A, B) = (a, b);
        Engine = new MediaEngine(policy ?? new MediaPolicy(), this, clustered);
        Call = Engine.Add(7, a.Signalled(mux), b.Signalled(mux), Now);
    }

    public TestPhone A { get; }

    public TestPhone B { get; set; }

    public MediaEngine Engine { get; }

    public MediaCall Call { get; }

    public Instant Now { get; set; } = Instant.FromMilliseconds(1_000);

    /// <summary>Where the last packet went.</summary>
    public UdpEndpoint SentTo { get; private set; }

    public List<UdpEndpoint> LearnedPhones { get; } = [];

    public List<WantedMediaSa> WantedSas { get; } = [];

    public MediaVerdict From(TestPhone phone, ReadOnlySpan<byte> packet, SrtpHalf port = SrtpHalf.Rtp, UdpEndpoint? source = null)
    {
        packet.CopyTo(_buffer);
        UdpEndpoint from = source ?? (port == SrtpHalf.Rtp ? phone.Rtp : phone.Rtcp);
        return Engine.Take(phone == A ? Call.A : Call.B, port, _buffer, packet.Length, from, Now);
    }

    public void Send(MediaLeg leg, SrtpHalf port, in UdpEndpoint to, ReadOnlySpan<byte> packet)
    {
        SentTo = to;
        TestPhone phone = leg == Call.A ? A : B;
        phone.Hear(packet, packet[1] is >= 192 and <= 223 ? SrtpHalf.Rtcp : SrtpHalf.Rtp);
    }

    public void Learned(MediaLeg leg, SrtpHalf half, in UdpEndpoint phone) => LearnedPhones.Add(phone);

    public void Wanted(in WantedMediaSa wanted) => WantedSas.Add(wanted);

    public void Dispose() => Engine.Dispose();
}
