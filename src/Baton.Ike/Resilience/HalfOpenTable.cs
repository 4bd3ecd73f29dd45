using System.Net;

namespace Baton.Ike.Resilience;

/// <summary>How many half-open IKE SAs there are, in all and from each address. Bounded by what is counted.</summary>
internal sealed class HalfOpenTable(FloodPolicy policy)
{
    private readonly Dictionary<IPAddress, int> _byAddress = [];

    public int Count { get; private set; }

    public bool WantsCookie => Count >= policy.CookiesFrom;

    public bool HasRoom => Count < policy.MostHalfOpen;

    public bool HasRoomFor(IPAddress address) =>
        HasRoom && _byAddress.GetValueOrDefault(address) < policy.MostHalfOpenPerAddress;

    public void Add(IPAddress address)
    {
        Count++;
        _byAddress[address] = _byAddress.GetValueOrDefault(address) + 1;
    }

    public void Remove(IPAddress address)
    {
        if (!_byAddress.TryGetValue(address, out int count)) return;
        Count--;
        if (count > 1) _byAddress[address] = count - 1;
        else _byAddress.Remove(address);
    }

    public void Clear()
    {
        Count = 0;
        _byAddress.Clear();
    }
}
