using Baton.Redundancy;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Members;
using Baton.Redundancy.Messages;
using Baton.Wire;
using Microsoft.Extensions.Logging;

namespace Baton.Gateway.Engine;

/// <summary>Performs what the core wants done.</summary>
internal sealed partial class GatewayEngine
{
    /// <summary>How long packets may still be under way between router and card after the last one was assigned a number.</summary>
    private static readonly TimeSpan PathSkew = TimeSpan.FromMilliseconds(5);

    private readonly long[] _events = new long[Enum.GetValues<RedundancyEventKind>().Length];
    private Instant? _draining;

    public long HandlerMessagesSent { get; private set; }

    public long Suspicions { get; private set; }

    public long DeathNotices { get; private set; }

    public long Count(RedundancyEventKind kind) => Volatile.Read(ref _events[(int)kind]);

    private void Perform(MemberOutput output, Instant now)
    {
        switch (output)
        {
            case MemberOutput.ToHandler request:
                // Not sent is not lost: the core asks again after its timeout.
                if (Session?.Send(request.RequestId, request.Header, request.Body) == true)
                    HandlerMessagesSent++;
                break;
            case MemberOutput.ToMember message:
                // Who is about to end, or has its first SAs to build, must not be waited for: unseen, it is added to nobody's in-sync set.
                if (!((Leaving || !_hasBuiltFirst) && message.Message is MemberMessage.Present))
                    SendSync(message.To, message.Message);
                break;
            case MemberOutput.BecameActive active:
                BecomeActive(active, now);
                break;
            case MemberOutput.ReceivingAllowed allowed:
                _log.LogInformation("term {Term} is adopted: receiving", allowed.Term);
                BeginIke();
                break;
            case MemberOutput.BecameStandby standby:
                BecomeStandby(standby);
                break;
            case MemberOutput.Committed committed:
                if (Beside is not null)
                    Beside.Answer(committed.Token, null);
                else
                    OnCommitted(committed.Token);
                break;
            case MemberOutput.CommitFailed failed:
                if (Beside is not null)
                    Beside.Answer(failed.Token, failed.Why);
                else
                    WhenBuilt(() => Ike?.CommitFailed(failed.Token, failed.Why, failed.Detail));
                break;
            case MemberOutput.Freeze freeze:
                EndIke();
                _log.LogInformation("handing over to {Successor}: no more numbers in term {Term}", freeze.Successor, freeze.Term);
                StartHandingOver(freeze.Successor, now);
                Beside?.Freeze();
                _draining = now + PathSkew;
                break;
            case MemberOutput.SurrenderEnded ended:
                _log.LogInformation("the surrender is {Result}", ended.Done ? "done" : "not done; the term is over all the same");
                SurrenderDone = ended.Done;
                if (!ended.Done)
                    Path.HandingOver = null;
                break;
            case MemberOutput.CeilingsRose:
                Path.Release(now);
                Beside?.Release(now);
                break;
            case MemberOutput.RecordsChanged changed:
                TakeRecords(changed.Change, now);
                break;
            case MemberOutput.Note note:
                Note(note.Event);
                break;
        }
    }

    /// <summary>Null while no surrender has ended.</summary>
    public bool? SurrenderDone { get; private set; }

    private void BecomeActive(MemberOutput.BecameActive active, Instant now)
    {
        _active = true;
        Path.HandingOver = null;
        Sentinel?.SetTerm(active.Term);
        OnRole?.Invoke(true, active.Term);  // the address first: until it is here nothing arrives
        Beside?.BecomeActive(now);
        Steer(now);
        _log.LogInformation("active in term {Term}{Alone}", active.Term, active.MayReceive ? "" : ", alone: sending only until the handler adopts it");
        if (active.MayReceive)
            BeginIke();
        WorkOffHandedOver(now);
        _registeredTo = 0;
        _queuedTags.Clear();
    }

    private void BecomeStandby(MemberOutput.BecameStandby standby)
    {
        bool was = _active;
        _active = false;
        EndIke();

        // After a surrender the successor gets what still comes; a deposed member drops it.
        if (Path.HandingOver is null)
            Path.EmptyHeld(null);
        Beside?.BecomeStandby();
        if (was)
        {
            _log.LogInformation("standby; the highest term seen is {Term}", standby.HighestTerm);
            OnRole?.Invoke(false, standby.HighestTerm);
        }
    }

    /// <summary>Called on the engine thread when the role changes; must not block.</summary>
    public Action<bool, ulong>? OnRole { get; set; }

    /// <summary>An orderly stop has begun: this member shows itself to no active any more.</summary>
    public bool Leaving { get; set; }

    /// <summary>Workers are drained (there is one, this thread) and the skew has passed: nothing changes any more.</summary>
    private void ReportDrained()
    {
        _draining = null;
        Feed(new MemberInput.Drained());
    }

    private void CountSuspicion(WitnessView view)
    {
        if (view == WitnessView.Dead)
            DeathNotices++;
        else
            Suspicions++;
    }

    private void Note(RedundancyEvent note)
    {
        _events[(int)note.Kind]++;
        LogLevel level = note.Kind switch
        {
            RedundancyEventKind.LeaseRunningLow or RedundancyEventKind.HandlerLost or RedundancyEventKind.NeedsRekey
                or RedundancyEventKind.StartedCold or RedundancyEventKind.GaveUpAddress or RedundancyEventKind.ExtensionRefused => LogLevel.Warning,
            RedundancyEventKind.LeaseEnded or RedundancyEventKind.RefusedGrantOfOlderLedger => LogLevel.Error,
            _ => LogLevel.Information,
        };
        _log.Log(level, new EventId(3000 + (int)note.Kind, note.Kind.ToString()), "{Kind} in term {Term}: {Detail}", note.Kind, note.Term, note.Detail);
    }
}
