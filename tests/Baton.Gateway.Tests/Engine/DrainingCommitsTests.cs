using Baton.Gateway.Engine;
using Baton.Ike;
using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire;

namespace Baton.Gateway.Tests.Engine;

/// <summary>A delete does not overtake the confirmation of what came before it.</summary>
public sealed class DrainingCommitsTests
{
    private readonly HashSet<ulong> _holding = [];
    private readonly DrainingCommits _commits;
    private Instant _now = new(1_000_000);

    public DrainingCommitsTests() => _commits = new DrainingCommits(child => _holding.Contains(child.Value));

    [Fact]
    public void ADeleteWaitsForThePacketsOfItsPair()
    {
        _holding.Add(7);
        Add(1, deleted: [7]);
        Assert.Equal([], Gone());
        _holding.Clear();  // confirmed and delivered
        Assert.Equal([1UL], Gone());
        Assert.Equal(1, _commits.PutOff);
    }

    [Fact]
    public void PacketsOfOtherPairsHoldNothingUp()
    {
        _holding.Add(8);
        Add(1, deleted: [7]);
        Add(2, deleted: []);
        Assert.Equal([1UL, 2UL], Gone());
        Assert.Equal(0, _commits.PutOff);
    }

    /// <summary>Commits are numbered, and each may stand on the one before.</summary>
    [Fact]
    public void NoneOvertakesAnother()
    {
        _holding.Add(7);
        Add(1, deleted: [6, 7]);
        Add(2, deleted: []);
        Assert.Equal([], Gone());
        _holding.Clear();
        Assert.Equal([1UL, 2UL], Gone());
    }

    /// <summary>
    /// A standby that stands still is waited for, then asked out of the set, and with the answer what it held up is delivered. A delete that waited no longer than the first of
    /// these took the packets with it just before.
    /// </summary>
    [Fact]
    public void ADeleteOutwaitsAStandbyThatStandsStill()
    {
        var policy = new MemberPolicy();
        _holding.Add(7);
        Add(1, deleted: [7]);
        _now += policy.CeilingPatience;    // it is found silent now
        Assert.Equal([], Gone());
        _now += policy.RequestTimeout;     // the ledger took its time to take it out
        Assert.Equal([], Gone());
        _now += policy.CeilingPatience;    // until then this member bears to be without an answer
        Assert.Equal([], Gone());
        _holding.Clear();                  // confirmed by all who are left, and delivered
        Assert.Equal([1UL], Gone());
    }

    [Fact]
    public void AConfirmationThatDoesNotComeDelaysADeleteButABoundedTime()
    {
        _holding.Add(7);
        Add(1, deleted: [7]);
        Assert.Equal([], Gone());
        _now += DrainingCommits.Patience;
        Assert.Equal([1UL], Gone());
    }

    private void Add(ulong token, ulong[] deleted) => _commits.Add(new MemberInput.Commit(token, new LedgerCommit([], [], [], [])), [.. deleted.Select(child => new ChildSaId(child))], _now);

    private List<ulong> Gone()
    {
        var gone = new List<ulong>();
        while (_commits.Next(_now) is { } commit)
            gone.Add(commit.Token);
        return gone;
    }
}
