using Baton.Ike.Messages;

namespace Baton.Ike;

/// <summary>Gives each IKE SA its source of IVs. Called once when the endpoint makes or restores an IKE SA.</summary>
public interface IIvSourceFactory
{
    /// <param name="isRestored">
    /// False: it is new, and its first IVs are used by messages that wait for its first commit. True: it comes from its record, also after a failed commit in the same
    /// process: its source never starts over.
    /// </param>
    IIvSource Open(IkeSaId id, bool isRestored);

    /// <summary>The IKE SA is gone.</summary>
    void Close(IkeSaId id);
}

/// <summary>Sources for an endpoint that nobody takes over: 1, 2, 3, ...</summary>
public sealed class CountingIvSources : IIvSourceFactory
{
    public IIvSource Open(IkeSaId id, bool isRestored) => new Counter();

    public void Close(IkeSaId id)
    {
    }

    private sealed class Counter : IIvSource
    {
        private ulong _last;

        public bool TryTake(out ulong number)
        {
            number = ++_last;
            return true;
        }
    }
}
