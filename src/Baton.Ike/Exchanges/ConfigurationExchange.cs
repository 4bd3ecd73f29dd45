using System.Net;
using System.Net.Sockets;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Exchanges;

/// <summary>Inner addresses in IKE_AUTH (RFC 7296 sections 2.19, 3.15): the responder gives, the initiator takes.</summary>
internal static class ConfigurationExchange
{
    private const int MostTaken = 8;

    public static void Ask(Connection connection, List<Payload> payloads)
    {
        var attributes = new List<ConfigurationAttribute>();
        if (connection.AsksForIPv4)
        {
            attributes.Add(new ConfigurationAttribute(ConfigurationAttributeType.InternalIp4Address, default));
            attributes.Add(new ConfigurationAttribute(ConfigurationAttributeType.InternalIp4Dns, default));
        }

        if (connection.AsksForIPv6)
        {
            attributes.Add(new ConfigurationAttribute(ConfigurationAttributeType.InternalIp6Address, default));
            attributes.Add(new ConfigurationAttribute(ConfigurationAttributeType.InternalIp6Dns, default));
        }

        if (attributes.Count > 0) payloads.Add(new ConfigurationPayload(ConfigurationType.Request, attributes));
    }

    /// <summary>Adds CFG_REPLY. Not null: INTERNAL_ADDRESS_FAILURE or FAILED_CP_REQUIRED, and no child (section 2.19).</summary>
    public static NotifyPayload? Give(IkeEndpoint core, IkeSa sa, Connection connection, IkeMessage request, List<Payload> payloads)
    {
        ConfigurationPayload? asked = request.Payloads.OfType<ConfigurationPayload>().FirstOrDefault(each => each.ConfigurationType == ConfigurationType.Request);
        if (connection.GivesAddressesFrom.Count == 0) return null;         // a request that we have nothing for is not answered
        if (asked is null) return new NotifyPayload(NotifyType.FailedCpRequired);
        var reply = new List<ConfigurationAttribute>();
        bool failed = false;
        foreach (AddressFamily family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
        {
            if (!asked.Attributes.Any(each => each.Type == AddressType(family))) continue;
            IPAddress? address = core.TakeAddress(sa, connection, family);
            if (address is null)
            {
                failed = true;
                continue;
            }

            sa.Given.Add(address);
            reply.Add(new ConfigurationAttribute(AddressType(family), AddressValue(address)));
        }

        if (sa.Given.Count == 0) return new NotifyPayload(failed ? NotifyType.InternalAddressFailure : NotifyType.FailedCpRequired);
        foreach (IPAddress server in connection.GivesNameServers.Where(each => asked.Attributes.Any(one => one.Type == ServerType(each.AddressFamily))))
            reply.Add(new ConfigurationAttribute(ServerType(server.AddressFamily), server.GetAddressBytes()));
        payloads.Add(new ConfigurationPayload(ConfigurationType.Reply, reply));
        return null;
    }

    public static void Take(IkeEndpoint core, IkeSa sa, IkeMessage answer)
    {
        ConfigurationPayload? reply = answer.Payloads.OfType<ConfigurationPayload>().FirstOrDefault(each => each.ConfigurationType == ConfigurationType.Reply);
        if (reply is null || sa.Connection is not { } connection || !(connection.AsksForIPv4 || connection.AsksForIPv6)) return;
        var servers = new List<IPAddress>();
        foreach (ConfigurationAttribute attribute in reply.Attributes)
        {
            bool isAddress = attribute.Type is ConfigurationAttributeType.InternalIp4Address or ConfigurationAttributeType.InternalIp6Address;
            bool isServer = attribute.Type is ConfigurationAttributeType.InternalIp4Dns or ConfigurationAttributeType.InternalIp6Dns;
            if (!(isAddress || isServer) || attribute.Value.Length is not (4 or 16 or 17)) continue;
            var address = new IPAddress(attribute.Value.Span[..Math.Min(16, attribute.Value.Length)]);
            List<IPAddress> list = isAddress ? sa.Assigned : servers;
            if (list.Count < MostTaken) list.Add(address);
        }

        if (sa.Assigned.Count > 0) core.Put(new IkeOutput.AddressAssigned(sa.Id, sa.ConnectionName, [.. sa.Assigned], servers, core.StepCommit));
    }

    private static ConfigurationAttributeType AddressType(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? ConfigurationAttributeType.InternalIp4Address : ConfigurationAttributeType.InternalIp6Address;

    private static ConfigurationAttributeType ServerType(AddressFamily family) =>
        family == AddressFamily.InterNetwork ? ConfigurationAttributeType.InternalIp4Dns : ConfigurationAttributeType.InternalIp6Dns;

    /// <summary>An IPv6 address has its prefix length behind it (section 3.15.1).</summary>
    private static byte[] AddressValue(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? address.GetAddressBytes() : [.. address.GetAddressBytes(), 128];
}
