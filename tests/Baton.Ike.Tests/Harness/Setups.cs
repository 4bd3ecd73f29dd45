using System.Net;
using System.Text;
using Baton.Crypto;
using Baton.Ike.Authentication;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;

namespace Baton.Ike.Tests.Harness;

/// <summary>Connections that fit to each other.</summary>
internal static class Setups
{
    public static readonly TrafficSelector LeftNet = Net("10.1.0.0", "10.1.255.255");
    public static readonly TrafficSelector RightNet = Net("10.2.0.0", "10.2.255.255");

    /// <summary>Name of the child that <see cref="WithOther"/> adds.</summary>
    public const string Other = "other";

    public static PresharedKey Key(string secret = "a long secret that both know") => new(new SecretBytes(Encoding.UTF8.GetBytes(secret)));

    public static TrafficSelector Net(string first, string last) => new(0, 0, 65535, IPAddress.Parse(first), IPAddress.Parse(last));

    /// <summary>The initiator's: from left to right.</summary>
    public static Connection Left(Lab lab, int port = 500, string name = "to-right") => new(name, Credentials("left", "right"))
    {
        Local = new IPEndPoint(lab.Left.Address, port), Remote = new IPEndPoint(lab.Right.Address, port), KeepUp = true,
        Children = [new ChildPolicy("net") { Local = [LeftNet], Remote = [RightNet] }],
    };

    /// <summary>The responder's, which could initiate too.</summary>
    public static Connection Right(Lab lab, int port = 500, string name = "to-left") => new(name, Credentials("right", "left"))
    {
        Local = new IPEndPoint(lab.Right.Address, port), Remote = new IPEndPoint(lab.Left.Address, port),
        Children = [new ChildPolicy("net") { Local = [RightNet], Remote = [LeftNet] }],
    };

    /// <summary>With a second child, which only a packet asks for.</summary>
    public static Connection WithOther(Connection connection)
    {
        TrafficSelector left = Net("10.3.0.0", "10.3.255.255"), right = Net("10.4.0.0", "10.4.255.255");
        (TrafficSelector here, TrafficSelector there) = connection.Name == "to-right" ? (left, right) : (right, left);
        return connection with { Children = [.. connection.Children, connection.Children[0] with { Name = Other, Local = [here], Remote = [there], Start = false }] };
    }

    public static ConnectionCredentials Credentials(string us, string them, PresharedKey? key = null)
    {
        key ??= Key();
        return new ConnectionCredentials(Identity.Fqdn(us), key, Identity.Fqdn(them), key);
    }

    public static Lab Standard(ulong seed, Func<Connection, Connection>? left = null, Func<Connection, Connection>? right = null, bool leftReplicated = false, bool rightReplicated = true, int port = 500)
    {
        var lab = new Lab(seed, leftReplicated, rightReplicated);
        Connection ofLeft = Left(lab, port), ofRight = Right(lab, port);
        lab.Left.Policy = Lab.QuickPolicy with { Connections = [left?.Invoke(ofLeft) ?? ofLeft] };
        lab.Right.Policy = Lab.QuickPolicy with { Connections = [right?.Invoke(ofRight) ?? ofRight] };
        return lab;
    }

    /// <summary>Started, and up on both sides.</summary>
    public static Lab Up(Lab lab)
    {
        lab.Start();
        lab.Await(() => IsUp(lab), 20_000, "up");
        return lab;
    }

    public static bool IsUp(Lab lab) => lab.Left.Active.Data.Children.Count > 0 && lab.Right.Active.Data.Children.Count > 0;
}
