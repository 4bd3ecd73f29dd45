using Baton.Lab.Hosts;

namespace Baton.Lab.Voice;

/// <summary>What carries the media of a voice story behind Kamailio: two gateways, one active, that speak the ng protocol.</summary>
public interface IMediaSystem : IDisposable
{
    string Name { get; }

    /// <summary>Where Kamailio sends ng requests.</summary>
    string Ng { get; }

    /// <summary>Which flags it needs beside the ordinary ones, in the offer.</summary>
    string OfferFlags { get; }

    void Start();

    /// <summary>The gateway that carries the media; null while none does.</summary>
    Host? Active { get; }

    /// <summary>The other one has everything that it needs to go on with so many calls.</summary>
    void WaitReady(int calls);

    /// <summary>kill -9 of the active, and whatever happens then by itself; returns when another has the address.</summary>
    void KillActive();

    /// <summary>The one that was killed is started again, as a standby.</summary>
    void Restore();

    string LastWords();
}
