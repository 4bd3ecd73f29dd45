using Baton.Ike.Messages;

namespace Baton.Ike;

/// <summary>Gives each IKE SA its source of IVs. Called once when the endpoint makes or restores an IKE SA.</summary>
public interface IIvSourceFactory
{
    /// <summary>For an IKE SA that is new, whose first IVs are used by messages that wait for its first commit, or that was restored.</summary>
    /// <remarks>After a failed commit the same IKE SA may be restored in the same process: opened again, its source goes on and never starts over.</remarks>
    IIvSource Open(IkeSaId id);

    /// <summary>The IKE SA is gone.</summary>
    void Close(IkeSaId id);
}

/// <summary>Sources for an endpoint that nobody takes over: 1, 2, 3, ...</summary>
public sealed class CountingIvSources : IIvSourceFactory
{
    public IIvSource Open(IkeSaId id) => new Counter();

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
