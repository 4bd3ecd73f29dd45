using Baton.Linux;
using Baton.Srtp;
using Baton.Wire;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>Where phones were found: told to the standbys when it changes, all of it to who comes newly in sync, and again twice a minute.</summary>
public sealed partial class MediaPath
{
    private const int ToldPerTurn = 64;
    private static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(30);

    private readonly Queue<ulong> _toTell = new();
    private ulong _toldRevision;
    private ulong _heardTerm;
    private Instant _nextTelling;

    public long LearnedTold { get; private set; }

    public long LearnedHeard { get; private set; }

    public long Misunderstood { get; private set; }

    void IMediaSink.Learned(MediaLeg leg, SrtpHalf half, in UdpEndpoint phone)
    {
        Tell(leg, half, phone);
        Say(new P.CallEvent { Kind = P.CallEventKind.CallLearned, Id = leg.Call.Id, Leg = leg.Index, Phone = phone.ToString() });
    }

    private void TellLearned(Instant now)
    {
        if (!_works)
        {
            _toldRevision = 0;
            return;
        }

        if (_member.InSyncRevision != _toldRevision || now >= _nextTelling)
        {
            (_toldRevision, _nextTelling) = (_member.InSyncRevision, now + TellAgain);
            _toTell.Clear();
            foreach (ulong id in _calls.Keys)
                _toTell.Enqueue(id);
        }

        for (int i = 0; i < ToldPerTurn && _toTell.TryDequeue(out ulong id); i++)
        {
            if (!_calls.TryGetValue(id, out HostedCall? call))
                continue;
            foreach (MediaLeg leg in new[] { call.Live.A, call.Live.B })
            {
                if (leg.HasLearned(SrtpHalf.Rtp))
                    Tell(leg, SrtpHalf.Rtp, leg.RemoteOf(SrtpHalf.Rtp));
                if (!leg.Description.Mux && leg.HasLearned(SrtpHalf.Rtcp))
                    Tell(leg, SrtpHalf.Rtcp, leg.RemoteOf(SrtpHalf.Rtcp));
            }
        }
    }

    private void Tell(MediaLeg leg, SrtpHalf half, in UdpEndpoint phone)
    {
        LearnedTold++;
        int length = new MediaWord(MediaWordKind.Learned, leg.Call.Id, _member.Term, leg.Index, half, []).Write(_word);
        _member.Tell(_word.AsSpan(0, length), phone);
    }

    private void HearLearned(in MediaWord word, in UdpEndpoint phone, Instant now)
    {
        if (_works || word.Term < Math.Max(_heardTerm, _member.Term))
            return;  // of an active that is none any more
        _heardTerm = word.Term;
        LearnedHeard++;
        _engine.Learn(word.Call, word.Leg, word.Half, phone, now);
    }
}
