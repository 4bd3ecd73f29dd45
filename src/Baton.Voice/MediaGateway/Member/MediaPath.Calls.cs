using System.Net;
using Baton.Linux;
using Baton.Wire;
using Microsoft.Extensions.Logging;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>The calls that a controller, or the file, says there are. Every member has them; the engine's thread owns them.</summary>
public sealed partial class MediaPath
{
    private const int LongestPage = 1_000;
    private const int EndedRemembered = 65_536;
    private const int PreparedPerTurn = 16;

    private readonly SortedDictionary<ulong, HostedCall> _calls = [];
    private readonly List<HostedCall?> _slots = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly Queue<ulong> _toPrepare = new();

    /// <summary>Calls that ended: their SAs go when this member works, and nothing of theirs begins again.</summary>
    private readonly HashSet<ulong> _ended = [];
    private readonly Queue<ulong> _endedInOrder = new();

    public long PortsRefused { get; private set; }

    public long SilentCalls { get; private set; }

    /// <summary>What happens to calls, for whoever watches. On the engine's thread; must not block.</summary>
    public Action<P.CallEvent>? Said { get; set; }

    internal P.MediaVerdict Put(P.MediaCall said, out string detail)
    {
        detail = "";
        HostedCall? before = _calls.GetValueOrDefault(said.Id);
        if (before is not null && said.Version <= before.Setting.Said.Version)
            return said.Version == before.Setting.Said.Version ? P.MediaVerdict.MediaGranted : Refused(P.MediaVerdict.MediaOldVersion, "a newer version is here", out detail);
        if (_ended.Contains(said.Id))
            return Refused(P.MediaVerdict.MediaBadCall, "a call of this id has ended", out detail);
        if (before is null && _calls.Count >= _options.MostCalls)
            return Refused(P.MediaVerdict.MediaTooManyCalls, $"there are {_calls.Count} calls", out detail);
        if (CallReader.Read(said, _options, before?.Setting, out CallSetting setting) is { } wrong)
            return Refused(P.MediaVerdict.MediaBadCall, wrong, out detail);
        if (TakenBy(setting, said.Id) is { } other)
        {
            setting.DisposeBut(before?.Setting);
            return Refused(P.MediaVerdict.MediaPortTaken, $"call {other:x} has one of its ports", out detail);
        }

        HostedCall call = before is null ? Begin(setting) : Change(before, setting);
        _records.Match(said.Id, call.Setting, _now);
        call.PreparePorts(_sockets);
        if (!Open(call, _works ? null : _moving))
            return Refused(P.MediaVerdict.MediaPortTaken, "a port of it cannot be bound; the log says why", out detail);
        return P.MediaVerdict.MediaGranted;
    }

    internal void End(ulong id)
    {
        if (_ended.Add(id))
        {
            _endedInOrder.Enqueue(id);
            if (_endedInOrder.Count > EndedRemembered)
                _ended.Remove(_endedInOrder.Dequeue());
        }

        if (_calls.Remove(id, out HostedCall? call))
        {
            call.ClosePorts(_sockets, null);
            FreePorts(call.Setting);
            _slots[call.Slot] = null;
            _freeSlots.Push(call.Slot);
            _engine.Remove(id);
            call.Dispose();
            _records.Detach(id);
        }

        if (_works)
            _records.Delete(id);
    }

    /// <summary>0: there is no such call.</summary>
    internal ulong VersionOf(ulong id) => _calls.GetValueOrDefault(id)?.Setting.Said.Version ?? 0;

    internal P.CallList List(P.ListCalls asked)
    {
        int most = asked.Most is 0 or > LongestPage ? LongestPage : (int)asked.Most;
        var list = new P.CallList { Active = _works, Term = _member.Term };
        foreach (HostedCall call in _calls.Values)
        {
            if (call.Id <= asked.After)
                continue;
            if (list.Calls.Count == most)
            {
                list.MoreAfter = list.Calls[^1].Id;
                break;
            }

            list.Calls.Add(new P.CallVersion { Id = call.Id, Version = call.Setting.Said.Version, Note = call.Setting.Said.Note });
        }

        return list;
    }

    private static P.MediaVerdict Refused(P.MediaVerdict verdict, string why, out string detail)
    {
        detail = why;
        return verdict;
    }

    private readonly Dictionary<IPEndPoint, ulong> _takenPorts = [];

    private ulong? TakenBy(CallSetting setting, ulong id)
    {
        foreach (IPEndPoint port in setting.Ports.OfType<IPEndPoint>())
        {
            if (_takenPorts.TryGetValue(port, out ulong other) && other != id)
                return other;
        }

        return null;
    }

    private void TakePorts(CallSetting setting)
    {
        foreach (IPEndPoint port in setting.Ports.OfType<IPEndPoint>())
            _takenPorts[port] = setting.Said.Id;
    }

    private void FreePorts(CallSetting setting)
    {
        foreach (IPEndPoint port in setting.Ports.OfType<IPEndPoint>())
            _takenPorts.Remove(port);
    }

    private HostedCall Begin(CallSetting setting)
    {
        if (!_freeSlots.TryPop(out int slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
        }

        var call = new HostedCall(slot, setting, _engine.Add(setting.Said.Id, setting.A, setting.B, MonotonicClock.Now));
        (_calls[call.Id], _slots[slot]) = (call, call);
        TakePorts(setting);
        return call;
    }

    private HostedCall Change(HostedCall call, CallSetting setting)
    {
        if (!call.Setting.Ports.SequenceEqual(setting.Ports))
            call.ClosePorts(_sockets, null);
        FreePorts(call.Setting);
        TakePorts(setting);
        _engine.Change(call.Live, setting.A, setting.B);
        call.Change(setting);
        return call;
    }

    private bool Open(HostedCall call, IReadOnlySet<IPAddress>? only = null)
    {
        if (call.OpenPorts(_sockets, only, out string error))
            return true;
        PortsRefused++;
        _member.Log.LogError("call {Id:x} is not carried: {Error}", call.Id, error);
        return false;
    }

    /// <summary>But for those at addresses that move: nothing comes there while the address is not here.</summary>
    private void ClosePorts()
    {
        (_closeAt, _frozen) = (null, false);
        _toPrepare.Clear();
        foreach (HostedCall call in _calls.Values)
        {
            call.ClosePorts(_sockets, _moving);
            _toPrepare.Enqueue(call.Id);
        }
    }

    /// <summary>A standby's sockets are made beforehand, some a turn.</summary>
    private bool PrepareSome()
    {
        for (int i = 0; i < PreparedPerTurn && !_works && _toPrepare.TryDequeue(out ulong id); i++)
            _calls.GetValueOrDefault(id)?.PreparePorts(_sockets);
        return !_works && _toPrepare.Count > 0;
    }

    /// <summary>When it begins, and again while it lasts: nobody may have listened, and who did must know that it is not over.</summary>
    private void TellSilent(Instant now)
    {
        _nextSilence = now + LookForSilence;
        bool again = now >= _nextSilenceAgain;
        if (again)
            _nextSilenceAgain = now + SaySilenceAgain;
        _silent.Clear();
        _engine.FindSilent(now, _silent);
        foreach (HostedCall call in _calls.Values)
            call.SaidSilent &= now - _engine.HeardAt(call.Live) >= _options.CallTimeout;
        foreach (ulong id in _silent)
        {
            HostedCall call = _calls[id];
            if (call.SaidSilent && !again)
                continue;
            SilentCalls += call.SaidSilent ? 0 : 1;
            call.SaidSilent = true;
            Say(new P.CallEvent { Kind = P.CallEventKind.CallSilent, Id = id });
        }
    }

    private void Say(P.CallEvent happened)
    {
        happened.Term = _member.Term;
        Said?.Invoke(happened);
    }
}
