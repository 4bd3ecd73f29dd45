using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Baton.Cluster.Protos;
using Baton.Srtp;
using Baton.Wire.Rtp;
using Google.Protobuf;

namespace Baton.Robustness.Media;

/// <summary>A phone of a call, plain or SRTP: talks every 20 ms, reports twice a second, and remembers every packet that it hears.</summary>
internal sealed class MediaPhone : IDisposable
{
    private const int Window = 1_024;
    private const int SamplesAPacket = 160;

    private readonly Socket _rtp;
    private readonly Socket _rtcp;
    private readonly uint _ssrc;
    private readonly IPEndPoint _gateway;
    private readonly SrtpMasterKey? _ours;
    private readonly SrtpMasterKey? _gateways;
    private readonly OutboundSrtp? _seals;
    private readonly OutboundSrtcp? _sealsRtcp;
    private readonly List<Thread> _threads = [];
    private readonly List<ulong> _reportsHeard = [];
    private readonly Lock _lock = new();
    private InboundSrtp? _opens;
    private InboundSrtcp? _opensRtcp;
    private ulong _number;
    private ulong _reports;
    private volatile bool _end;

    /// <summary>Its keys are fresh, its gateway's too.</summary>
    /// <param name="first">The first SEQ.</param>
    public MediaPhone(IPAddress at, IPEndPoint gateway, SrtpSuite? suite, uint ssrc, ushort first)
        : this(at, gateway, ssrc, first, suite is { } spoken ? Fresh(spoken) : null, suite is { } heard ? Fresh(heard) : null)
    {
    }

    /// <param name="ours">What it seals with, and then what its gateway seals with; both become the phone's. Null: plain.</param>
    public MediaPhone(IPAddress at, IPEndPoint gateway, uint ssrc, ushort first, SrtpMasterKey? ours = null, SrtpMasterKey? gateways = null)
    {
        (_ssrc, _gateway, _number) = (ssrc, gateway, first + 1UL);
        _rtp = Bound(at, 4_000);
        _rtcp = Bound(at, 4_001);
        (_ours, _gateways) = (ours, gateways);
        if (ours is not null)
            (_seals, _sealsRtcp) = (new OutboundSrtp(ssrc, ours), new OutboundSrtcp(ssrc, ours, encrypted: true));
    }

    /// <summary>The numbers that it heard, in their order: ROC and SEQ, plus 1.</summary>
    private readonly List<ulong> _heard = [];
    private readonly HashSet<ulong> _once = [];

    public int Heard => Locked(() => _heard.Count);

    /// <summary>The last number that it heard.</summary>
    public ulong Last => Locked(() => _heard.Count == 0 ? 0 : _heard[^1]);

    /// <summary>Between the first that it heard and the last.</summary>
    public long Lost => Locked(() => _heard.Count == 0 ? 0 : (long)(_once.Max() - _once.Min()) + 1 - _once.Count);

    /// <summary>The longest run of numbers that never came.</summary>
    public long LongestGap => Locked(() => _once.Order().Zip(_once.Order().Skip(1), (one, next) => (long)(next - one) - 1).DefaultIfEmpty().Max());

    /// <summary>A number that came once more.</summary>
    public long Twice { get; private set; }

    /// <summary>What was not genuine, or whose SSRC or timestamp was not the talker's.</summary>
    public List<string> Wrong { get; } = [];

    public int ReportsHeard => Locked(() => _reportsHeard.Count);

    public ulong LastReport => Locked(() => _reportsHeard.Count == 0 ? 0 : _reportsHeard[^1]);

    /// <summary>The numbers of the reports that it heard, in their order: from its gateway the SRTCP indexes.</summary>
    public ulong[] Reports => Locked(() => _reportsHeard.ToArray());

    /// <summary>Where it talks to.</summary>
    public IPEndPoint Gateway => _gateway;

    /// <summary>A leg of the call as a controller says it.</summary>
    public MediaLegSetting Setting => new()
    {
        LocalAddress = _gateway.Address.ToString(),
        LocalRtpPort = (uint)_gateway.Port,
        PhoneAddress = ((IPEndPoint)_rtp.LocalEndPoint!).Address.ToString(),
        PhoneRtpPort = 4_000,
        Transport = _ours is null ? MediaTransport.Plain : MediaTransport.Srtp,
        PhoneKey = Said(_ours),
        OurKey = Said(_gateways),
        Answered = true,
    };

    public void Start(uint hears)
    {
        Run("talk", () => Talk());
        Run("hear", () => Hear(_rtp, packet => HearRtp(packet, hears)));
        Run("hear reports", () => Hear(_rtcp, HearRtcp));

        void Run(string name, Action body)
        {
            var thread = new Thread(() => body()) { IsBackground = true, Name = name };
            _threads.Add(thread);
            thread.Start();
        }
    }

    public void Dispose()
    {
        _end = true;
        foreach (Thread thread in _threads)
            thread.Join();
        _rtp.Dispose();
        _rtcp.Dispose();
        _seals?.Dispose();
        _sealsRtcp?.Dispose();
        _opens?.Dispose();
        _opensRtcp?.Dispose();
        _ours?.Dispose();
        _gateways?.Dispose();
    }

    private void Talk()
    {
        byte[] buffer = new byte[RtpPacket.HeaderBytes + SamplesAPacket + SrtpSuites.MostOverhead];
        var rtcp = new IPEndPoint(_gateway.Address, _gateway.Port + 1);
        long next = Environment.TickCount64;
        for (int i = 0; !_end; i++)
        {
            int length = RtpPacket.HeaderBytes + SamplesAPacket;
            RtpPacket.WriteHeader(buffer, false, RtpPacket.Pcmu, (ushort)(_number - 1), (uint)_number * SamplesAPacket, _ssrc);
            buffer.AsSpan(RtpPacket.HeaderBytes, SamplesAPacket).Fill((byte)_number);
            _ = _seals?.Seal(buffer, length, _number, out length);
            _number++;
            _rtp.SendTo(buffer.AsSpan(0, length), _gateway);
            if (i % 25 == 0)
                _rtcp.SendTo(Report(), rtcp);
            next += 20;
            Thread.Sleep((int)Math.Max(0, next - Environment.TickCount64));
        }
    }

    /// <summary>An empty receiver report with a profile's own number behind it (RFC 3550 6.4.2).</summary>
    private byte[] Report()
    {
        byte[] buffer = new byte[12 + SrtpSuites.MostOverhead];
        int length = 12;
        (buffer[0], buffer[1], buffer[3]) = (0x80, 201, 2);
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(4), _ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(8), (uint)++_reports);
        _ = _sealsRtcp?.Seal(buffer, length, _reports, out length);
        return buffer[..length];
    }

    private void Hear(Socket socket, Action<byte[]> take)
    {
        var buffer = new byte[2_048];
        while (!_end)
        {
            try
            {
                int got = socket.Receive(buffer);
                take(buffer[..got]);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.ConnectionRefused)
            {
                // Nothing came, or nobody was there for what was sent.
            }
        }
    }

    private void HearRtp(byte[] packet, uint ssrc)
    {
        lock (_lock)
        {
            ulong number = Extended(RtpPacket.SequenceOf(packet)) + 1;
            if (_gateways is not null)
            {
                _opens ??= new InboundSrtp(ssrc, _gateways, Window);
                SrtpVerdict verdict = _opens.Check(packet, out number);
                if (verdict == SrtpVerdict.Passed)
                    verdict = _opens.Open(packet, number, out _);
                if (verdict == SrtpVerdict.Replayed || (verdict == SrtpVerdict.Passed && !_opens.Accept(number)))
                {
                    Twice++;
                    return;
                }

                if (verdict != SrtpVerdict.Passed)
                {
                    Wrong.Add($"{RtpPacket.SequenceOf(packet)}: {verdict}");
                    return;
                }
            }

            uint timestamp = BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(4));
            if (RtpPacket.SsrcOf(packet) != ssrc || timestamp != (uint)number * SamplesAPacket || packet[RtpPacket.HeaderBytes] != (byte)number)
                Wrong.Add($"number {number}: SSRC {RtpPacket.SsrcOf(packet):x}, timestamp {timestamp}");
            if (_once.Add(number))
                _heard.Add(number);
            else
                Twice++;
        }
    }

    private void HearRtcp(byte[] packet)
    {
        lock (_lock)
        {
            ulong number = packet.Length < 12 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(8));
            if (_gateways is not null)
            {
                _opensRtcp ??= new InboundSrtcp(BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(4)), _gateways, encrypted: true, Window);
                SrtpVerdict verdict = _opensRtcp.Check(packet, out number);
                if (verdict == SrtpVerdict.Passed)
                    verdict = _opensRtcp.Open(packet, number, out _);
                if (verdict != SrtpVerdict.Passed || !_opensRtcp.Accept(number))
                {
                    Wrong.Add($"report: {verdict}");
                    return;
                }
            }

            _reportsHeard.Add(number);
        }
    }

    /// <summary>A plain phone's reading of SEQ: the nearest to the last one (RFC 3550 A.1).</summary>
    private ulong Extended(ushort sequence)
    {
        if (_heard.Count == 0)
            return sequence;
        ulong last = _heard[^1] - 1;
        return last + (ulong)(long)(short)(sequence - (ushort)last);
    }

    private T Locked<T>(Func<T> look)
    {
        lock (_lock)
            return look();
    }

    private static Socket Bound(IPAddress at, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 100 };
        socket.Bind(new IPEndPoint(at, port));
        return socket;
    }

    public static SrtpMasterKey Fresh(SrtpSuite suite) => new(suite, RandomNumberGenerator.GetBytes(SrtpMasterKey.LengthOf(suite)));

    private static SrtpKey? Said(SrtpMasterKey? key) => key is null ? null : new SrtpKey { Suite = key.Suite.SdesName(), KeyAndSalt = ByteString.CopyFrom(key.KeyAndSalt) };
}
