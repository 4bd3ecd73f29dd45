using System.Net;
using Baton.Wire;

namespace Baton.Gateway;

/// <summary>Where a socket is that only sends: beside one that listens.</summary>
internal static class Senders
{
    public static IPEndPoint At(IPEndPoint listens) => listens is BackplaneEndPoint ? BackplaneEndPoint.Unnamed : new IPEndPoint(listens.Address, 0);
}
