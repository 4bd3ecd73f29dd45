using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Negotiation;
using Baton.Ike.Payloads;
using Baton.Lab.Hosts;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Lab.Traffic;

/// <summary>First messages of IKE that nobody goes on with, each under another address: half-open IKE SAs, if the cluster keeps them (RFC 7296 section 2.6).</summary>
public sealed class Strangers : IDisposable
{
    /// <summary>All of it is the router's own, so it may send from each address of it; the answers come back to it and are nobody's.</summary>
    private const string Net = "198.18.0.0/16";

    private const int IkePort = 500;

    private readonly IPEndPoint _target;
    private readonly double _perSecond;
    private readonly Thread _thread;
    private volatile bool _stopping;

    public Strangers(Host router, string target, double perSecond)
    {
        (_target, _perSecond) = (new IPEndPoint(IPAddress.Parse(target), IkePort), perSecond);
        router.Run("ip", "route", "replace", "local", Net, "dev", "lo");
        _thread = new Thread(() => NetworkNamespace.In(router.SpacePath, Send)) { IsBackground = true, Name = "strangers" };
        _thread.Start();
    }

    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
    }

    private bool Send()
    {
        var pace = new Pace(_perSecond);
        for (int sent = 0; !_stopping; sent++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(new IPAddress([198, 18, (byte)(sent >> 8), (byte)sent]), IkePort));
            socket.SendTo(FirstMessage(), _target);
            pace.Await(sent);
        }

        return true;
    }

    private static byte[] FirstMessage() => IkeMessageWriter.Write(
        new IkeHeader(new IkeSpi(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1), default, ExchangeType.IkeSaInit, IkeFlags.Initiator, default),
        [
            new SaPayload(IkeProposals.Offer(IkeProposalPolicy.Defaults, default)),
            new KePayload((ushort)KeyExchangeGroup.Curve25519, RandomNumberGenerator.GetBytes(32)),
            new NoncePayload(RandomNumberGenerator.GetBytes(32)),
        ]);
}
