using Baton.Cluster.Sync;
using Baton.Crypto.Frames;
using Baton.Gateway.DataPath;
using Baton.Gateway.Ports;
using Baton.Linux;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Engine;

/// <summary>Between members: ceilings, confirms, presence, and the packets of a planned switchover.</summary>
internal sealed partial class GatewayEngine
{
    private const int HandedOverPackets = 16_384;
    private static readonly TimeSpan QuietAfter = TimeSpan.FromSeconds(1);

    private readonly SyncCodec _codec;
    private readonly SealingSink _sink;
    private readonly FrameOpener _syncOpener;
    private readonly long[] _syncVerdicts = new long[Enum.GetValues<SyncVerdict>().Length];
    private readonly long[] _syncFrames = new long[Enum.GetValues<FrameVerdict>().Length];
    private readonly Queue<HandedPacket> _handedOver = new();
    private readonly byte[] _scratch = new byte[2_048];
    private long _lastHandover;

    public long SyncMessagesSent { get; private set; }

    public long SyncBytesSent => _sink.Bytes;

    public long SyncRefused(FrameVerdict verdict) => Volatile.Read(ref _syncFrames[(int)verdict]);

    public long SyncCount(SyncVerdict verdict) => Volatile.Read(ref _syncVerdicts[(int)verdict]);

    public long HandoverOverflow { get; private set; }

    /// <summary>Since a packet last had to be handed over; only meaningful after a freeze.</summary>
    public bool HandoverIsQuiet => MonotonicClock.Now.Nanoseconds - Volatile.Read(ref _lastHandover) > QuietAfter.Ticks * 100;

    private void SendSync(Incarnation to, MemberMessage message)
    {
        if (!_memberSync.TryGetValue(to.Member, out UdpEndpoint endpoint))
            return;
        (_sink.To, _sink.Life) = (endpoint, to.Nonce);
        _codec.Write(message, _sink);
        SyncMessagesSent++;
    }

    private void TakeSync(Instant now)
    {
        int got = _sync.Receive();
        for (int i = 0; i < got; i++)
        {
            FrameVerdict frame = _syncOpener.Open(_sync.Packet(i), now, out Span<byte> text, out _);
            _syncFrames[(int)frame]++;
            if (frame != FrameVerdict.Opened)
                continue;
            MemberMessage? message = null;
            Handover handover = default;
            SyncVerdict verdict = text.Length < LifeLength ? SyncVerdict.Truncated
                : System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(text) != Self.Nonce ? SyncVerdict.OtherLife
                : _codec.Read(text[LifeLength..], out message, out handover);
            _syncVerdicts[(int)verdict]++;
            if (verdict != SyncVerdict.Accepted)
                continue;
            if (message is not null)
                Feed(new MemberInput.FromMember(message));
            else
                TakeHandover(handover, now);
        }
    }

    private void StartHandingOver(Incarnation successor, Instant now)
    {
        if (!_memberSync.TryGetValue(successor.Member, out UdpEndpoint endpoint))
            return;
        var sink = new HandoverSink(this, endpoint, successor.Nonce);
        Volatile.Write(ref _lastHandover, now.Nanoseconds);
        Path.HandingOver = sink;
        Path.EmptyHeld(sink);
    }

    /// <summary>A packet that the old active passed on: judged now when this member is active, else kept until it is.</summary>
    private void TakeHandover(in Handover handover, Instant now)
    {
        if (handover.Kind == HandoverKind.Endpoint)
        {
            TakeEndpoint(handover);
            return;
        }

        if (handover.Kind == HandoverKind.Beside)
        {
            TakeBeside(handover, now);
            return;
        }

        if (handover.Packet.Length > _scratch.Length)
            return;
        UdpEndpoint peer = handover.Kind == HandoverKind.Outer ? PeerOf(handover) : default;
        if (_active)
        {
            Judge(handover.Kind, handover.Packet, peer, now);
        }
        else if (_handedOver.Count < HandedOverPackets)
        {
            _handedOver.Enqueue(new HandedPacket(handover.Kind, handover.Packet.ToArray(), peer, now));
        }
        else
        {
            HandoverOverflow++;
        }
    }

    private void WorkOffHandedOver(Instant now)
    {
        while (_handedOver.TryDequeue(out HandedPacket? packet))
        {
            // From a switchover that came to nothing: too old to be of use to a call.
            if (now - packet.Since < QuietAfter)
                Judge(packet.Kind, packet.Bytes, packet.Peer, now);
        }
    }

    private void Judge(HandoverKind kind, ReadOnlySpan<byte> packet, in UdpEndpoint peer, Instant now)
    {
        if (kind == HandoverKind.Inner)
        {
            Path.Counters.Count(Path.Send(packet));
            return;
        }

        Span<byte> copy = _scratch.AsSpan(0, packet.Length);
        packet.CopyTo(copy);
        Path.Counters.Count(Path.Take(copy, new Arrival(peer), now));
    }

    private static UdpEndpoint PeerOf(in Handover handover)
    {
        IpAddress address = handover.Address.Length == 16
            ? IpAddress.V6(handover.Address)
            : IpAddress.V4(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(handover.Address));
        return new UdpEndpoint(address, handover.Port);
    }

    private sealed record HandedPacket(HandoverKind Kind, byte[] Bytes, UdpEndpoint Peer, Instant Since);

    /// <summary>Each text begins with the nonce of the life it is for: what was recorded before a restart says nothing after it.</summary>
    private const int LifeLength = 8;

    /// <summary>Seals each datagram of a message and queues it.</summary>
    private sealed class SealingSink(GatewayEngine engine, FrameSealer sealer) : ISyncSink, IDisposable
    {
        private readonly byte[] _text = new byte[LifeLength + SyncCodec.LargestDatagram];

        public UdpEndpoint To;

        public ulong Life;

        public long Bytes { get; private set; }

        public void Datagram(ReadOnlySpan<byte> plaintext)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(_text, Life);
            plaintext.CopyTo(_text.AsSpan(LifeLength));
            int length = sealer.Seal(_text.AsSpan(0, LifeLength + plaintext.Length), engine._sync.Reserve());
            engine._sync.Queue(length, To);
            Bytes += length;
        }

        public void Dispose() => sealer.Dispose();
    }

    private sealed class HandoverSink(GatewayEngine engine, UdpEndpoint successor, ulong life) : IHandoverSink
    {
        private readonly byte[] _address = new byte[16];

        public UdpEndpoint Successor => successor;

        public ulong Life => life;

        public void OuterPacket(ReadOnlySpan<byte> packet, in UdpEndpoint peer)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(_address, peer.Address.High);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(_address.AsSpan(8), peer.Address.Low);
            Send(new Handover(HandoverKind.Outer, _address, peer.Port, packet));
        }

        public void InnerPacket(ReadOnlySpan<byte> packet) => Send(new Handover(HandoverKind.Inner, default, 0, packet));

        private void Send(in Handover handover)
        {
            Volatile.Write(ref engine._lastHandover, MonotonicClock.Now.Nanoseconds);
            (engine._sink.To, engine._sink.Life) = (successor, life);
            engine._codec.Write(handover, engine._sink);
        }
    }
}
