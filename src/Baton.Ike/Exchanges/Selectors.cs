using System.Net.Sockets;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>What a policy's selectors are for one IKE SA: those that it names, or the address that was given, or the outer one.</summary>
internal static class Selectors
{
    /// <param name="duringAuth">As initiator that asks for an address: it is not known yet, so everything of that family (RFC 7296 section 2.19).</param>
    public static IEnumerable<TrafficSelector> OfUs(IkeSa sa, ChildPolicy policy, bool duringAuth)
    {
        if (policy.Local.Count > 0) return policy.Local;
        if (sa.IsClient && sa.Connection is { } connection && (connection.AsksForIPv4 || connection.AsksForIPv6))
        {
            if (!duringAuth) return sa.Assigned.Select(TrafficSelectorNarrowing.Host);
            return TrafficSelectorNarrowing.All.Where(each => each.Start.AddressFamily == AddressFamily.InterNetwork ? connection.AsksForIPv4 : connection.AsksForIPv6);
        }

        return [TrafficSelectorNarrowing.Host(sa.Local.Address)];
    }

    public static IEnumerable<TrafficSelector> OfPeer(IkeSa sa, ChildPolicy policy)
    {
        if (policy.Remote.Count > 0) return policy.Remote;
        return sa.Given.Count > 0 ? sa.Given.Select(TrafficSelectorNarrowing.Host) : [TrafficSelectorNarrowing.Host(sa.Remote.Address)];
    }

    public static TsPayload? Find(IkeMessage message, bool ofInitiator)
    {
        foreach (Payload payload in message.Payloads)
        {
            if (payload is TsPayload selectors && selectors.IsInitiator == ofInitiator) return selectors;
        }

        return null;
    }
}
