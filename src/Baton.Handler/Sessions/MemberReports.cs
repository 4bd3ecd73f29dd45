using Baton.Redundancy.Records;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Sessions;

/// <summary>The last word of each member about itself, and when it came; and the answers to what an operator is just asking.</summary>
internal sealed class MemberReports
{
    private readonly Dictionary<string, (Incarnation Who, P.NodeStatus Status, long At)> _byName = [];
    private readonly Dictionary<ulong, Question> _open = [];
    private ulong _lastAsk;

    public void Put(Incarnation who, P.NodeStatus status)
    {
        lock (_byName)
        {
            // A page of SAs is for who asked, and old when the next one asks.
            P.NodeStatus kept = status;
            if (status.Sas.Count + status.IkeSas.Count > 0 || status.MoreAfter + status.MoreIkeAfter > 0) kept = WithoutPage(status);
            _open.GetValueOrDefault(status.Ask)?.Take(who.Member, status);
            _byName[who.Member] = (who, kept, Environment.TickCount64);
        }
    }

    /// <summary>A copy of all but the page, which is put aside for the time: copying it would be most of the work.</summary>
    private static P.NodeStatus WithoutPage(P.NodeStatus status)
    {
        P.SaStatus[] sas = [.. status.Sas];
        P.IkeSaStatus[] ikeSas = [.. status.IkeSas];
        status.Sas.Clear();
        status.IkeSas.Clear();
        P.NodeStatus kept = status.Clone();
        (kept.MoreAfter, kept.MoreIkeAfter) = (0, 0);
        status.Sas.AddRange(sas);
        status.IkeSas.AddRange(ikeSas);
        return kept;
    }

    public IReadOnlyDictionary<string, (Incarnation Who, P.NodeStatus Status, long At)> All()
    {
        lock (_byName) return new Dictionary<string, (Incarnation, P.NodeStatus, long)>(_byName);
    }

    /// <summary>Begins to collect answers of these members.</summary>
    public Question Ask(IReadOnlyCollection<string> members)
    {
        lock (_byName)
        {
            var question = new Question(++_lastAsk, members, this);
            _open.Add(question.Ask, question);
            return question;
        }
    }

    /// <summary>What an operator wants to know now. Its answers, by member, belong to it alone.</summary>
    public sealed class Question : IDisposable
    {
        private readonly MemberReports _reports;
        private readonly HashSet<string> _silent;
        private readonly Dictionary<string, P.NodeStatus> _answers = [];
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Question(ulong ask, IReadOnlyCollection<string> members, MemberReports reports)
        {
            (Ask, _silent, _reports) = (ask, [.. members], reports);
            if (_silent.Count == 0) _all.SetResult();
        }

        /// <summary>The number that an answer names.</summary>
        public ulong Ask { get; }

        /// <summary>Until all have answered, or the time is up: then what has come.</summary>
        public async Task<IReadOnlyDictionary<string, P.NodeStatus>> AnswersAsync(TimeSpan patience)
        {
            await Task.WhenAny(_all.Task, Task.Delay(patience));
            lock (_reports._byName) return new Dictionary<string, P.NodeStatus>(_answers);
        }

        public void Dispose()
        {
            lock (_reports._byName) _reports._open.Remove(Ask);
        }

        /// <summary>Under the reports' lock.</summary>
        internal void Take(string member, P.NodeStatus answer)
        {
            _answers[member] = answer;
            if (_silent.Remove(member) && _silent.Count == 0) _all.TrySetResult();
        }
    }
}
