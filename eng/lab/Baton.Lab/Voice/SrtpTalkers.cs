using System.Net;
using System.Net.Sockets;
using Baton.Lab.Hosts;
using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;
using Baton.Wire.Rtp;

namespace Baton.Lab.Voice;

/// <summary>The voices of sipp's called phones: at each media port SRTP with speech, 50 packets a second, to whoever sent there first. They only talk; what they hear is read from the capture.</summary>
/// <remarks>Every other one begins a little below SEQ 65,536, so that its ROC soon is 1. One thread talks for all, a fiftieth of a second after the other.</remarks>
public sealed class SrtpTalkers : IDisposable
{
    public const uint FirstSsrc = 0xB000_0000;

    /// <summary>The index whose SEQ turns after two seconds of talk.</summary>
    public const ushort NearTheTurn = 65_436;

    private const ushort Early = 1_000;

    private readonly Socket[] _sockets;
    private readonly OutboundSrtp[] _seals;
    private readonly SrtpMasterKey[] _keys;
    private readonly IPEndPoint?[] _gateways;
    private readonly Thread _thread;
    private volatile bool _end;
    private volatile int _talking;

    /// <param name="keys">One for each; they become ours.</param>
    public SrtpTalkers(Host host, SrtpMasterKey[] keys)
    {
        _keys = keys;
        _seals = [.. keys.Select((key, call) => new OutboundSrtp(FirstSsrc + (uint)call, key))];
        _sockets = NetworkNamespace.In(host.SpacePath, () => keys.Select((_, call) => Bound(SippCallees.PortOf(call))).ToArray());
        _gateways = new IPEndPoint?[keys.Length];
        _thread = new Thread(Talk) { IsBackground = true, Name = "srtp talkers" };
        _thread.Start();
    }

    public int Talking => _talking;

    public void Dispose()
    {
        _end = true;
        _thread.Join();
        foreach (Socket socket in _sockets) socket.Dispose();
        foreach (OutboundSrtp seal in _seals) seal.Dispose();
        foreach (SrtpMasterKey key in _keys) key.Dispose();
    }

    private void Talk()
    {
        ReadOnlySpan<byte> speech = RtpFile.Speech("b").Span;
        var packet = new byte[RtpPacket.HeaderBytes + RtpFile.Samples + SrtpSuites.MostOverhead];
        int[] said = new int[_sockets.Length];
        Instant next = MonotonicClock.Now;
        while (!_end)
        {
            for (int call = 0; call < _sockets.Length; call++)
            {
                if (_gateways[call] is not { } gateway && !IsCalled(call, out gateway)) continue;
                ulong index = (call % 2 == 1 ? NearTheTurn : Early) + (ulong)said[call];
                RtpPacket.WriteHeader(packet, marker: false, RtpPacket.Pcmu, (ushort)index, (uint)(said[call] * RtpFile.Samples), _seals[call].Ssrc);
                RtpFile.Speak(packet.AsSpan(RtpPacket.HeaderBytes, RtpFile.Samples), speech, said[call]++);
                if (_seals[call].Seal(packet, RtpPacket.HeaderBytes + RtpFile.Samples, index + 1, out int length) != SrtpVerdict.Passed) throw new InvalidOperationException($"call {call}: not sealed");
                _sockets[call].SendTo(packet.AsSpan(0, length), gateway!);
            }

            MonotonicClock.SleepUntil(next += TimeSpan.FromSeconds(1.0 / RtpFile.PacketsASecond));
        }
    }

    /// <summary>Somebody has sent a packet there: he is talked to from now on.</summary>
    private bool IsCalled(int call, out IPEndPoint? by)
    {
        by = null;
        if (_sockets[call].Available == 0) return false;
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        _sockets[call].ReceiveFrom(new byte[2_048], ref from);
        by = _gateways[call] = (IPEndPoint)from;
        _talking++;
        return true;
    }

    /// <summary>With a small queue: nobody reads it once the first has come.</summary>
    private static Socket Bound(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4_096 };
        socket.Bind(new IPEndPoint(IPAddress.Parse(VoiceNetwork.CalleesAddress), port));
        return socket;
    }
}
