using System.Net;
using Baton.Cluster.Protos;

namespace Baton.Cluster.Configuration;

/// <summary>What a media gateway has for calls; every member the same.</summary>
/// <param name="Addresses">Where phones send to; the first is used where a call names none.</param>
/// <param name="FirstPort">With <paramref name="LastPort"/>: the UDP ports of calls.</param>
/// <param name="CallTimeout">A call in which nothing was heard for so long is told to the controller.</param>
/// <param name="Calls">Calls that are there without a controller.</param>
public sealed record MediaOptions(IReadOnlyList<IPAddress> Addresses, int FirstPort, int LastPort, TimeSpan CallTimeout, IReadOnlyList<MediaCall> Calls)
{
    /// <summary>At once, at a member.</summary>
    public int MostCalls { get; init; } = 10_000;
}
