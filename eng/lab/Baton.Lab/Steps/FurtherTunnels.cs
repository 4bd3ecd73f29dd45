using System.Text.Json.Nodes;
using Baton.Lab.Hosts;
using Baton.Lab.Scenarios;
using Baton.Lab.StrongSwan;
using Baton.Lab.Terms;

namespace Baton.Lab.Steps;

/// <summary>Tunnels beside the one that is looked at: each with an IKE SA, an identity and an inner address of its own.</summary>
public sealed class FurtherTunnels(Story story)
{
    private const int AddressesAnOctet = 250;

    /// <summary>10.1.16.1 and on: inside the peer's net.</summary>
    public static IEnumerable<string> Addresses(int count) =>
        Enumerable.Range(0, count).Select(index => $"10.1.{16 + (index / AddressesAnOctet)}.{1 + (index % AddressesAnOctet)}");

    /// <summary>They must be there before charon starts: it looks for one in each of its selectors.</summary>
    [Step("addresses for {count} further tunnels")]
    public void AddAddresses(int count) => Network.AddAddresses(story.Network.Peer, "lan", Addresses(count).Select(address => $"{address}/32"));

    [Step("{count} further tunnels come up")]
    public void ComeUp(int count)
    {
        story.FurtherTunnels = count;
        story.StrongSwan.LoadSecret(StageSteps.Secret, [.. Enumerable.Range(0, count).Select(index => $"{CharonConnection.FurtherName(index)}.many.{LabCertificates.PeerName}")]);
        foreach ((int index, string address) in Addresses(count).Index()) story.StrongSwan.Load(CharonConnection.OfFurther(index, address));
        foreach (int index in Enumerable.Range(0, count))
            story.StrongSwan.Ask("initiate", new JsonObject { ["child"] = CharonConnection.FurtherName(index), ["timeout"] = "-1" });
        story.Room.Wait.Until($"{count} further tunnels are up", TimeSpan.FromMinutes(1),
            () => story.StrongSwan.ListSas().Count(sa => sa.State == "ESTABLISHED" && sa.Name != CharonConnection.Name) == count, () => story.StrongSwan.LastLog());
    }
}
