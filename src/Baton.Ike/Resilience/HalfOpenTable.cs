using System.Net;
using Baton.Wire;

namespace Baton.Ike.Resilience;

/// <summary>How many half-open IKE SAs there are, in all and from each address. Bounded by what is counted.</summary>
/// <remarks>
/// A stranger whose attempt cost us a key exchange and came to nothing goes on counting for as long as a half-open IKE SA may live: otherwise a bad KE value, or
/// an IKE_AUTH that is refused at once, would be a way around every bound.
/// </remarks>
internal sealed class HalfOpenTable(FloodPolicy policy)
{
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private readonly Queue<(Instant Until, IPAddress Address)> _spent = new();
    private int _counted;

    /// <summary>Half-open IKE SAs.</summary>
    public int Count => _counted - _spent.Count;

    /// <summary>
    /// The address must be shown to be the sender's: when there are many, and when this one has half of its share. So whoever writes another's address into what it
    /// sends takes no more than half of that one's share.
    /// </summary>
    public bool WantsCookieFrom(IPAddress address, Instant now)
    {
        Expire(now);
        return _counted >= policy.CookiesFrom || _byAddress.GetValueOrDefault(address) >= policy.MostHalfOpenPerAddress / 2;
    }

    public bool HasRoom => _counted < policy.MostHalfOpen;

    public bool HasRoomFor(IPAddress address) =>
        HasRoom && _byAddress.GetValueOrDefault(address) < policy.MostHalfOpenPerAddress;

    public void Add(IPAddress address)
    {
        _counted++;
        _byAddress[address] = _byAddress.GetValueOrDefault(address) + 1;
    }

    public void Remove(IPAddress address)
    {
        if (!_byAddress.TryGetValue(address, out int count)) return;
        _counted--;
        if (count > 1) _byAddress[address] = count - 1;
        else _byAddress.Remove(address);
    }

    /// <summary>An attempt that came to nothing.</summary>
    public void Spend(IPAddress address, Instant now)
    {
        Add(address);
        _spent.Enqueue((now + policy.HalfOpenTimeout, address));
    }

    public void Clear()
    {
        _counted = 0;
        _byAddress.Clear();
        _spent.Clear();
    }

    private void Expire(Instant now)
    {
        while (_spent.TryPeek(out (Instant Until, IPAddress Address) oldest) && oldest.Until <= now)
        {
            _spent.Dequeue();
            Remove(oldest.Address);
        }
    }
}
