using Baton.Ike.Messages;

namespace Baton.Ike.Tests.Messages;

/// <summary>Numbers from 1 up to a limit.</summary>
internal sealed class CountingIvs(ulong limit = ulong.MaxValue) : IIvSource
{
    public ulong Taken { get; private set; }

    public bool TryTake(out ulong number)
    {
        number = Taken + 1;
        if (Taken >= limit)
            return false;
        Taken++;
        return true;
    }
}
