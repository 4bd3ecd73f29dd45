using System.Net;
using Baton.Cluster.Configuration;
using Baton.Gateway.Engine;
using Baton.Linux;
using Baton.Linux.Sockets;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Srtp;
using Baton.Wire;
using Microsoft.Extensions.Logging;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>The media gateway as a member's path: ports of calls, the core that relays, their SAs in the ledger, and words to its twins. The engine's thread owns all of it.</summary>
/// <remarks>
/// The ports are the active's alone: a successor takes them by binding them (<see cref="DatagramSet"/>), or has them already under an address that moves to it. A standby has every
/// socket made, so that of a takeover only the binding is left.
/// <code>
///   standby --BecomeActive--> active: ports bound --Freeze--> frozen: what comes goes to the successor --a second--> standby: ports closed
///                                \------------BecomeStandby: ports closed--------------------------------------------/
/// </code>
/// </remarks>
public sealed partial class MediaPath : IMemberPath, IMediaSink
{
    private const int MostWaiting = 4_096;
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(1);

    /// <summary>So long a newcomer whose copy has SAs of calls lets its controller say these calls before it shows itself: who took over without them would carry silence.</summary>
    private static readonly TimeSpan WaitsForCalls = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookForSilence = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SaySilenceAgain = TimeSpan.FromSeconds(10);

    private readonly MediaOptions _options;
    private readonly HashSet<IPAddress> _moving;
    private readonly MediaEngine _engine;
    private readonly DatagramSet _sockets = new(MediaEngine.MostBytes);
    private readonly byte[] _word = new byte[MediaWord.Front + MediaEngine.MostBytes];
    private readonly byte[] _again = new byte[MediaEngine.MostBytes];
    private readonly Queue<(Instant Since, UdpEndpoint From, byte[] Word)> _handedOver = new();
    private readonly List<ulong> _silent = [];
    private IMember _member = null!;
    private MediaRecords _records = null!;
    private Instant _now;
    private Instant _nextSilence;
    private Instant _nextSilenceAgain;
    private Instant? _closeAt;
    private bool _works;
    private Instant _worksSince;
    private bool _frozen;
    private Instant? _waitsUntil;
    private bool _hasWaited;

    /// <param name="moving">Addresses that are at the member that works, and come with the role.</param>
    public MediaPath(MediaOptions options, IEnumerable<IPAddress> moving)
    {
        (_options, _moving) = (options, moving.ToHashSet());
        _engine = new MediaEngine(new MediaPolicy { CallTimeout = options.CallTimeout }, this, clustered: true);
    }

    /// <summary>The member that it is the path of; after <see cref="Use"/>.</summary>
    public IMember Member => _member;

    public int Fd => _sockets.Fd;

    public int ToBuild => _records.ToBuild + (_waitsUntil is null ? 0 : 1);

    public int Sas => _records.Attached;

    public long HandedOver { get; private set; }

    public void Use(IMember member)
    {
        _member = member;
        _records = new MediaRecords(member, _engine, id => _calls.GetValueOrDefault(id)?.Setting, _ended.Contains);
        foreach (P.MediaCall call in _options.Calls)
        {
            if (Put(call, out string detail) != P.MediaVerdict.MediaGranted)
                member.Log.LogError("call {Id:x} of the file cannot be: {Why}", call.Id, detail);
        }
    }

    public bool TakeRecord(SaRecord record)
    {
        if (!_records.TakeRecord(record))
            return false;
        if (!_hasWaited)
            _waitsUntil ??= MonotonicClock.Now + WaitsForCalls;
        return true;
    }

    public void Remove(SaId id) => _records.Remove(id);

    public void Answer(ulong token, CommitFailure? refused) => _records.Answer(token, refused);

    public void Take(Instant now)
    {
        _now = now;
        int ready = _sockets.Wait();
        for (int i = 0; i < ready; i++)
        {
            (int socket, int token) = _sockets.Ready(i);
            if (_slots[token >> 2] is not { } call)
                continue;
            MediaLeg leg = call.Live.Leg((byte)((token >> 1) & 1));
            SrtpHalf half = (token & 1) == 0 ? SrtpHalf.Rtp : SrtpHalf.Rtcp;
            int got = _sockets.Receive(socket);
            for (int j = 0; j < got; j++)
            {
                Span<byte> buffer = _sockets.Packet(j, out int length);
                if (length == 0)
                    continue;
                if (_frozen)
                    HandOver(leg, half, buffer[..length], _sockets.From(j));
                else if (_works)
                    _engine.Take(leg, half, buffer, length, _sockets.From(j), now);
                else
                    _engine.Refuse(leg);
            }
        }
    }

    public void Release(Instant now)
    {
        _now = now;
        if (_works && !_frozen)
            _engine.Release(now);
    }

    public bool Tend(Instant now)
    {
        _now = now;
        if (_records.Build(now) && _works && !_frozen)
            _engine.Release(now);
        if (_waitsUntil is { } until && _records.ToBuild == 0 && (_works || now >= until || !_records.LackCalls))
            (_waitsUntil, _hasWaited) = (null, true);
        if (_closeAt is { } close && now >= close)
            ClosePorts();
        if (_works && now >= _nextSilence)
            TellSilent(now);
        TellLearned(now);
        return _records.ToBuild > 0 | PrepareSome();
    }

    public void BecomeActive(Instant now)
    {
        (_now, _worksSince, _works, _frozen, _closeAt) = (now, now, true, false, null);
        foreach (HostedCall call in _calls.Values)
            Open(call);
        _engine.Begin(now);
        foreach (HostedCall call in _calls.Values)
            call.SaidSilent = false;
        while (_handedOver.TryDequeue(out (Instant Since, UdpEndpoint From, byte[] Word) one))
        {
            if (now - one.Since < Stale && MediaWord.TryRead(one.Word, out MediaWord word))
                Judge(word, one.From, now);
        }

        _records.DeleteEnded();
        Say(new P.CallEvent { Kind = P.CallEventKind.CallCarried });
    }

    public void Freeze()
    {
        _frozen = true;
        _engine.Empty((MediaLeg leg, SrtpHalf port, ReadOnlySpan<byte> packet, in UdpEndpoint source) => HandOver(leg, port, packet, source));
    }

    public void BecomeStandby()
    {
        _works = false;
        if (_frozen)
        {
            _closeAt = _now + Stale;  // what the kernel has for us still goes on to the successor
            return;
        }

        ClosePorts();
    }

    public void Hear(ReadOnlySpan<byte> text, in UdpEndpoint about, Instant now)
    {
        _now = now;
        if (!MediaWord.TryRead(text, out MediaWord word))
        {
            Misunderstood++;
            return;
        }

        if (word.Kind == MediaWordKind.Learned)
            HearLearned(word, about, now);
        else if (_works)
            Judge(word, about, now);
        else
            KeepHandedOver(text, about, now);
    }

    public IEnumerable<(string Name, ulong Value)> Counters()
    {
        yield return ("media.calls", (ulong)_calls.Count);
        foreach (MediaVerdict verdict in Enum.GetValues<MediaVerdict>())
            yield return ("media." + CounterName.Of(verdict.ToString()), (ulong)_engine.Count(verdict));
        yield return ("media.waiting", (ulong)_engine.Waiting);
        yield return ("media.ports", (ulong)_sockets.Count);
        yield return ("media.ports-refused", (ulong)PortsRefused);
        yield return ("media.send-drops", (ulong)_sockets.SendDrops);
        yield return ("media.truncated", (ulong)_sockets.Truncated);
        yield return ("media.sas-registered", (ulong)_records.Registered);
        yield return ("media.sas-refused", (ulong)_records.Refused);
        yield return ("media.sas-unusable", (ulong)_records.Unusable);
        yield return ("media.learned-told", (ulong)LearnedTold);
        yield return ("media.learned-heard", (ulong)LearnedHeard);
        yield return ("media.handed-over", (ulong)HandedOver);
        yield return ("media.words-refused", (ulong)Misunderstood);
        yield return ("media.silent", (ulong)SilentCalls);
        foreach ((string Name, ulong Value) counter in _engine.Quality.Counters())
            yield return counter;
    }

    public void Dispose()
    {
        _engine.Dispose();
        foreach (HostedCall call in _calls.Values)
            call.Dispose();
        _sockets.Dispose();
    }

    void IMediaSink.Send(MediaLeg leg, SrtpHalf port, in UdpEndpoint to, ReadOnlySpan<byte> packet)
    {
        int socket = _calls[leg.Call.Id].SocketOf(leg.Index, port);
        if (socket >= 0)
            _sockets.Send(socket, packet, to);
    }

    void IMediaSink.Wanted(in WantedMediaSa wanted) => _records.Want(wanted, _calls[wanted.Sa.Call].Setting, _now);

    private void HandOver(MediaLeg leg, SrtpHalf port, ReadOnlySpan<byte> packet, in UdpEndpoint source)
    {
        HandedOver++;
        int length = new MediaWord(MediaWordKind.Packet, leg.Call.Id, _member.Term, leg.Index, port, packet).Write(_word);
        _member.HandOver(_word.AsSpan(0, length), source);
    }

    /// <summary>Until it works. What is left of a switchover that came to nothing takes no room from this one.</summary>
    private void KeepHandedOver(ReadOnlySpan<byte> text, in UdpEndpoint about, Instant now)
    {
        while (_handedOver.TryPeek(out (Instant Since, UdpEndpoint From, byte[] Word) oldest) && now - oldest.Since >= Stale)
            _handedOver.Dequeue();
        if (_handedOver.Count < MostWaiting)
            _handedOver.Enqueue((now, about, text.ToArray()));
    }

    private void Judge(in MediaWord word, in UdpEndpoint from, Instant now)
    {
        if (!_calls.TryGetValue(word.Call, out HostedCall? call) || word.Packet.Length > _again.Length)
            return;
        word.Packet.CopyTo(_again);
        _engine.Take(call.Live.Leg(word.Leg), word.Half, _again, word.Packet.Length, from, now);
    }
}
