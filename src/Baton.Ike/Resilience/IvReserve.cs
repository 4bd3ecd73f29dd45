using Baton.Ike.Messages;

namespace Baton.Ike.Resilience;

/// <summary>A few IVs taken ahead, so that an exchange that changed state can always be sealed to its end.</summary>
/// <remarks>Asked for before a request is taken or made: without enough IVs it is as if the datagram was lost, and the peer repeats it.</remarks>
internal sealed class IvReserve(IIvSource source) : IIvSource
{
    private readonly Queue<ulong> _taken = new();

    /// <summary>False: the source has fewer than this to give now.</summary>
    public bool Ensure(int count)
    {
        while (_taken.Count < count)
        {
            if (!source.TryTake(out ulong number)) return false;
            _taken.Enqueue(number);
        }

        return true;
    }

    public bool TryTake(out ulong number) => _taken.TryDequeue(out number) || source.TryTake(out number);
}
